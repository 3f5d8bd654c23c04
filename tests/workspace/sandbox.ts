import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createSandbox, type SandboxOptions } from '../../src/workspace/sandbox.ts';
import { tempFolder } from '../support/repository.ts';
import type { Sandbox, SandboxCommand } from '../../src/workspace/port.ts';

/** The sandbox of this machine for the tests of one file, with work folders that go away with them. */
export async function openSandboxHere() {
  const folder = tempFolder();
  afterAll(() => folder.remove());
  const reasons: string[] = [];
  const options: SandboxOptions = {
    mode: 'auto',
    path: process.env['PATH'] ?? '',
    home: homedir(),
    execPath: process.execPath,
    log: { warn: (message) => reasons.push(message) },
  };
  const sandbox = await createSandbox(options);
  const confined = sandbox.kind === 'bubblewrap';
  /** Goes into the title of what needs it. */
  const why = confined ? '' : ` (skipped: ${reasons.join()})`;

  function makeCwd(): string {
    return mkdtempSync(join(folder.path, 'cwd-'));
  }

  async function run(command: string, over: Partial<SandboxCommand> = {}, by: Sandbox = sandbox) {
    return by.run({ command, cwd: makeCwd(), network: 'none', limits: { timeMs: 20_000 }, ...over });
  }

  return { folder, options, sandbox, confined, why, makeCwd, run };
}

/** Whether a process whose command line has `marker` is alive anywhere on this machine. */
export function alive(marker: string): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker);
    } catch {
      return false;
    }
  });
}

let seconds = 86_400;
/** A `sleep` that can be told from every other one. */
export const longSleep = () => `sleep ${++seconds}.${process.pid}`;
