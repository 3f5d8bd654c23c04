import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { createAgent } from '../../src/agent/agent.ts';
import { createScriptedModel } from '../../src/playground/model.ts';
import type { AgentOptions } from '../../src/agent/agent.ts';
import type { CodeTask } from '../../src/agent/port.ts';
import type { Scripts } from '../../src/playground/model.ts';
import type { CommandResult, Sandbox, SandboxCommand } from '../../src/workspace/port.ts';

export const SECRET_KEY = 'sk-ant-canned-0123456789';

/** A real git checkout in a temporary folder. */
export async function makeCheckout(files: Record<string, string | Buffer>) {
  const home = await realpath(await mkdtemp(path.join(os.tmpdir(), 'nofx-agent-')));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const root = path.join(home, 'checkout');
  await mkdir(root);
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: root });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), content);
  }
  await git('init', '-q', '-b', 'main');
  await git('add', '-A');
  await git('commit', '-q', '--allow-empty', '-m', 'base');
  return {
    root,
    outside: home,
    read: (name: string) => readFile(path.join(root, name), 'utf8'),
    /** As `git status` has it, renames found. */
    changes: async () => {
      await git('add', '-A');
      return (await git('diff', '--cached', '--name-status', '-M')).stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => line.replaceAll('\t', ' '));
    },
  };
}

/** A text-kit like the demo's. */
export const TEXT_KIT = {
  'package.json': '{\n  "name": "text-kit",\n  "type": "module",\n  "scripts": { "test": "node --test" }\n}\n',
  'src/index.js': 'export function capitalize(text) {\n  return text.charAt(0).toUpperCase() + text.slice(1);\n}\n',
  'test/index.test.js':
    "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { capitalize } from '../src/index.js';\n\ntest('capitalize', () => assert.equal(capitalize('a'), 'A'));\n",
};

export const NO_SANDBOX: Sandbox = {
  kind: 'off',
  makeHome: () => Promise.reject(new Error('nothing may be run here')),
  run: () => Promise.reject(new Error('nothing may be run here')),
};

/** Runs commands for real, confined by nothing, and remembers what it was asked. Trusted commands only. */
export function openSandbox(): Sandbox & { asked: SandboxCommand[] } {
  const asked: SandboxCommand[] = [];
  return {
    kind: 'bubblewrap',
    makeHome: NO_SANDBOX.makeHome,
    asked,
    async run(command): Promise<CommandResult> {
      asked.push(command);
      const started = Date.now();
      const result = await execa(command.command, {
        shell: true,
        cwd: command.cwd,
        all: true,
        reject: false,
        env: { PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}` },
        extendEnv: false,
        ...(command.signal ? { cancelSignal: command.signal } : {}),
      });
      return {
        outcome: result.isCanceled ? 'aborted' : 'exited',
        exitCode: result.exitCode ?? null,
        output: result.all ?? '',
        durationMs: Date.now() - started,
      };
    },
  };
}

/** An agent and the scripted model behind it. */
export async function makeAgent(script: Scripts, options: Partial<AgentOptions> = {}) {
  const model = await createScriptedModel({ script });
  onTestFinished(() => model.stop());
  const logged: { fields: object; message: string }[] = [];
  const write = (fields: object, message: string) => void logged.push({ fields, message });
  const agent = createAgent({
    apiKey: SECRET_KEY,
    baseUrl: model.url,
    log: { info: write, warn: write },
    retryDelayMs: 1,
    ...options,
  });
  return { agent, model, logged };
}

export function makeTask(checkout: string, more: Partial<CodeTask> = {}): CodeTask {
  return {
    checkout,
    prompt: 'add a slugify helper',
    source: { repository: 'acme/text-kit', kind: 'issue', number: 7, title: 'Slugs', body: 'We need slugs.' },
    conventions: [],
    done: null,
    protectedPaths: [],
    testCommand: 'npm test',
    setupCommand: null,
    model: 'claude-sonnet-5-5',
    maxCostUsd: 5,
    sandbox: NO_SANDBOX,
    ignores: async () => false,
    signal: new AbortController().signal,
    ...more,
  };
}

/** One writeCode on a small checkout, with what came of it, thrown or not. */
export async function runAgent(script: Scripts, task: Partial<CodeTask> = {}, options: Partial<AgentOptions> = {}) {
  const checkout = await makeCheckout(TEXT_KIT);
  const made = await makeAgent(script, options);
  const outcome = await made.agent.writeCode(makeTask(checkout.root, task)).then(
    (result) => ({ result, error: null }),
    (error: unknown) => ({ result: null, error: error as Error & { retryAfterMs?: number; next?: string } }),
  );
  return { ...outcome, ...made, checkout };
}
