import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { closeNetworks } from '../../src/workspace/sandbox-network.ts';
import { readNpmSettings } from '../../src/workspace/process-npm.ts';
import { createSandbox } from '../../src/workspace/sandbox.ts';
import { tempFolder } from '../support/repository.ts';
import type { AddressInfo } from 'node:net';

const folder = tempFolder();
const path = process.env['PATH'] ?? '';
const npm = await readNpmSettings({ path, home: homedir() });
const reasons: string[] = [];
const sandbox = await createSandbox({
  mode: 'auto',
  path,
  home: homedir(),
  execPath: process.execPath,
  caFile: process.env['NODE_EXTRA_CA_CERTS'] ?? npm.caFile ?? undefined,
  registries: { npm: npm.registry ?? undefined, pip: 'https://pypi.example.com/simple', go: 'https://go.example.com' },
  log: { warn: (message) => reasons.push(message) },
});
const confined = sandbox.kind === 'bubblewrap';

afterAll(async () => {
  await closeNetworks();
  folder.remove();
});

const cwd = () => mkdtempSync(join(folder.path, 'cwd-'));
const run = (command: string, domains: string[], at = cwd()) =>
  sandbox.run({ command, cwd: at, network: { domains }, limits: { timeMs: 25_000 } });

describe.skipIf(!confined)(`network of some domains${confined ? '' : ` (skipped: ${reasons.join()})`}`, () => {
  it('reaches a host on the list through the proxy, and no other', async () => {
    const server = createServer((request, response) => response.end(`hello ${request.headers.host}`)).listen(
      0,
      '127.0.0.1',
    );
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://localhost:${port}/`;
    const ask = `NO_PROXY= no_proxy= curl -sS -m 8 -w ' %{http_code}' ${url}; curl -sS -m 3 --noproxy '*' ${url} || echo " no direct way"`;
    const allowed = await run(ask, ['localhost']);
    expect(allowed.output).toMatch(/^hello localhost:\d+ 200/);
    expect(allowed.output).toContain('no direct way');
    const denied = await run(ask, ['example.com']);
    expect(denied.output).not.toContain('hello');
    expect(denied.output).toMatch(/ 403/);
    server.close();
  });

  it('knows the registries of the server, and without network none', async () => {
    const ask = 'echo "$PIP_INDEX_URL $GOPROXY"';
    expect((await run(ask, ['example.com'])).output).toBe('https://pypi.example.com/simple https://go.example.com\n');
    expect((await sandbox.run({ command: ask, cwd: cwd(), network: 'none' })).output).toBe(' \n');
  });

  it('says clearly that a host is not on the list', async () => {
    const result = await run('curl -sS -m 8 https://example.org/', ['example.com']);
    expect(result.exitCode).not.toBe(0);
    expect(result.output).toMatch(/403|blocked|denied/i);
  });

  it.skipIf(npm.registry === null)(
    'installs a package with npm ci from the registry alone',
    async () => {
      const at = cwd();
      const host = new URL(npm.registry ?? '').hostname;
      writeFileSync(
        join(at, 'package.json'),
        JSON.stringify({ name: 'x', version: '1.0.0', dependencies: { 'is-number': '7.0.0' } }),
      );
      const home = await sandbox.makeHome();
      const command = { cwd: at, home: home.path, network: { domains: [host] }, limits: { timeMs: 60_000 } };
      const locked = await sandbox.run({ ...command, command: 'npm install --package-lock-only --no-audit --no-fund' });
      const installed = await sandbox.run({ ...command, command: 'npm ci --ignore-scripts --no-audit --no-fund' });
      expect({ ...installed, output: locked.output + installed.output }).toMatchObject({
        outcome: 'exited',
        exitCode: 0,
      });
      const used = await sandbox.run({ ...command, network: 'none', command: 'node -p "require(\'is-number\')(5)"' });
      expect(used.output).toBe('true\n');
      await home.dispose();
    },
    90_000,
  );

  it.skipIf(npm.registry === null)(
    'installs a package with yarn 4, which the machine need not have',
    async () => {
      const at = cwd();
      const manifest = { name: 'x', version: '1.0.0', dependencies: { 'is-number': '7.0.0' } };
      writeFileSync(join(at, 'package.json'), JSON.stringify(manifest));
      writeFileSync(join(at, 'yarn.lock'), '');
      const home = await sandbox.makeHome();
      const installed = await sandbox.run({
        command:
          'npm install --global --prefix "$HOME/.local" @yarnpkg/cli-dist@4.18.1 && "$HOME/.local/bin/yarn" install',
        cwd: at,
        home: home.path,
        env: {
          YARN_ENABLE_SCRIPTS: 'false',
          YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
          YARN_NODE_LINKER: 'node-modules',
        },
        network: { domains: [new URL(npm.registry ?? '').hostname] },
        limits: { timeMs: 60_000 },
      });
      expect(installed).toMatchObject({ outcome: 'exited', exitCode: 0 });
      const used = await run('node -p "require(\'is-number\')(5)"', [], at);
      expect(used.output).toBe('true\n');
      await home.dispose();
    },
    90_000,
  );
});
