import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NPM_START } from '../support/npm-start.ts';

const PROGRAM = fileURLToPath(new URL('nofx-process.ts', import.meta.url));
const PATIENCE_MS = 45_000;

export type Supervised = {
  /** Resolves when it was ready for the first time. */
  ready: Promise<void>;
  /** Starts that came to nothing: the database was away. */
  vainStarts(): number;
  /** What it said last whenever it ended in the middle of its work, which nothing but a kill should make it do. */
  crashes: string[];
  /** False where there is nothing to kill just now. */
  kill(): boolean;
  /** Asks it to end, or has it killed; gives what was wrong with that. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<string[]>;
};

/** One NOFX process that is started again whenever it ends, as systemd would. */
export function supervise(
  name: string,
  options: { cwd: string; env: NodeJS.ProcessEnv; onReady?(webhooks: string): void },
): Supervised {
  const ready = Promise.withResolvers<void>();
  const crashes: string[] = [];
  let vainStarts = 0;
  let child: ChildProcess | null = null;
  let stopping = false;

  async function live(): Promise<void> {
    const spawned = spawn(process.execPath, [...NPM_START.flags, PROGRAM], {
      cwd: options.cwd,
      env: { ...options.env, ...NPM_START.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = spawned;
    const last: string[] = [];
    let wasReady = false;
    for (const stream of [spawned.stdout, spawned.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        last.push(line.slice(0, 300));
        if (last.length > 12) last.shift();
        if (!line.includes('"msg":"ready"')) return;
        options.onReady?.(String((JSON.parse(line) as { webhooks: string }).webhooks));
        wasReady = true;
        ready.resolve();
      });
    }
    const [code, signal] = (await once(spawned, 'exit')) as [number | null, NodeJS.Signals | null];
    child = null;
    if (stopping || signal === 'SIGKILL') return;
    if (wasReady) crashes.push(`${name} ended (${code ?? signal}): ${last.join('\n      ')}`);
    else vainStarts += 1;
  }

  const living = (async () => {
    while (!stopping) {
      await live();
      if (!stopping) await sleep(300);
    }
  })();

  return {
    ready: ready.promise,
    vainStarts: () => vainStarts,
    crashes,
    kill: () => child?.kill('SIGKILL') ?? false,
    async stop(signal = 'SIGTERM') {
      stopping = true;
      child?.kill(signal);
      const late = await Promise.race([living.then(() => false), sleep(PATIENCE_MS, true, { ref: false })]);
      if (!late) return [];
      child?.kill('SIGKILL');
      await living;
      return [`${name} did not stop within ${PATIENCE_MS / 1000} s of SIGTERM`];
    },
  };
}
