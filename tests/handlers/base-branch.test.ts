import { expect, it } from 'vitest';
import { RunConfig } from '../../src/domain/run-config.ts';
import { chooseCommands, readConventions } from '../../src/handlers/base-branch.ts';
import type { BaseFiles } from '../../src/workspace/port.ts';

const files: Record<string, string> = {
  'package.json': '{ "scripts": { "test": "vitest" }, "devDependencies": { "vitest": "5" } }',
  'package-lock.json': '{}',
  'AGENTS.md': 'Small steps.',
};
const base: BaseFiles = {
  names: Object.keys(files),
  text: async (path) => files[path] ?? null,
  files: async () => Object.keys(files),
};
const choose = (config: object) => chooseCommands(RunConfig.parse(config), base, undefined);
const setup = { command: null, timeoutMinutes: 10, allowScripts: false, domains: [] };

it('finds set-up and tests where the configuration names none', async () => {
  expect(await choose({})).toEqual({
    gates: [{ name: 'test', command: 'npm test', timeMs: 20 * 60_000, setup: true }],
    setup: {
      command: 'npm ci --no-audit --no-fund --ignore-scripts',
      domains: ['registry.npmjs.org'],
      timeMs: 10 * 60_000,
      env: { npm_config_ignore_scripts: 'true', YARN_IGNORE_SCRIPTS: 'true' },
    },
  });
});

it('lets packages run their install scripts only where the configuration says so', async () => {
  const allowed = await choose({ setup: { ...setup, allowScripts: true } });
  expect(allowed.setup).toMatchObject({ command: 'npm ci --no-audit --no-fund', env: {} });
  const own = await choose({ setup: { ...setup, command: 'npm ci', domains: ['files.example.com'] } });
  expect(own.setup).toMatchObject({
    command: 'npm ci',
    domains: ['registry.npmjs.org', 'files.example.com'],
    env: { npm_config_ignore_scripts: 'true' },
  });
});

it.each([[{ ...files, '.yarnrc.yml': '' }], [{ ...files, 'package.json': '{ "packageManager": "yarn@4.6.0" }' }]])(
  'tells yarn 2 and later nothing that it does not know: it would stop there',
  async (berry: Record<string, string>) => {
    const yarn: BaseFiles = { ...base, names: Object.keys(berry), text: async (path) => berry[path] ?? null };
    const config = RunConfig.parse({ setup: { ...setup, command: 'yarn install' } });
    expect((await chooseCommands(config, yarn, undefined)).setup?.env).toEqual({
      npm_config_ignore_scripts: 'true',
      YARN_ENABLE_SCRIPTS: 'false',
    });
  },
);

it('runs the gates that are named, and no others', async () => {
  const gates = [{ name: 'lint', command: 'npm run lint', timeoutMinutes: 2, setup: false }];
  expect((await choose({ gates })).gates).toEqual([
    { name: 'lint', command: 'npm run lint', timeMs: 2 * 60_000, setup: false },
  ]);
});

it('gives the model the files of conventions that there are', async () => {
  expect(await readConventions(RunConfig.parse({}), base)).toEqual([{ path: 'AGENTS.md', text: 'Small steps.' }]);
  expect(await readConventions(RunConfig.parse({ conventions: [] }), base)).toEqual([]);
});
