import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { StringDecoder } from 'node:string_decoder';
import { InternalError } from '../errors.ts';
import { boundedOutput } from '../domain/bounded-output.ts';
import { plainOutput } from '../domain/terminal.ts';
import { openCgroup } from './process-cgroup.ts';
import { treeUse } from './process-tree.ts';
import type { CommandResult, SandboxLimits } from './port.ts';

export type LimitedCommand = {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  limits: SandboxLimits;
  signal?: AbortSignal;
  onOutput?: (chunk: string) => void;
  /** Ends the process and everything it started, at once. Called at least once, also after a normal end. */
  killAll: (pid: number) => void | Promise<void>;
};

/** How often memory and processes are counted, in ms. */
const WATCH_EVERY = 50;
/** How far the kernel lets a command go past its number of processes. */
const CGROUP_SLACK = 8;
/** How long output may come after the command's own end, in ms: a left-over child may hold the pipe. */
const DRAIN = 500;

/** Runs one command to its end or its limit. Whatever it started is dead when this returns. */
export async function runLimited(command: LimitedCommand): Promise<CommandResult> {
  const { limits, signal, onOutput } = command;
  const started = performance.now();
  const output = boundedOutput(limits.outputBytes);
  if (signal?.aborted) return { outcome: 'aborted', exitCode: null, output: '', durationMs: 0 };

  // A little above the limit: the watcher is to see it passed, and say so.
  const cgroup = openCgroup(limits.processes + CGROUP_SLACK);
  const { file, args } = cgroup?.enter(command.file, command.args) ?? command;
  const child = spawn(file, args, {
    cwd: command.cwd,
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the whole of it can be killed.
    detached: true,
  });
  const { pid } = child;
  let ended: { outcome: CommandResult['outcome']; note?: string } | undefined;
  const stop = (outcome: CommandResult['outcome'], note?: string): void => {
    ended ??= { outcome, note };
    if (pid !== undefined) void command.killAll(pid);
  };

  for (const stream of [child.stdout, child.stderr]) {
    const decoder = new StringDecoder('utf8');
    stream.on('data', (chunk: Buffer) => {
      output.add(chunk);
      onOutput?.(decoder.write(chunk));
    });
  }
  const onAbort = () => stop('aborted');
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(
    () => stop('timed_out', `stopped after ${Math.round(limits.timeMs / 1000)} s`),
    limits.timeMs,
  );
  const watcher = pid === undefined ? undefined : watch(pid, limits, (note) => stop('killed', note));

  try {
    const exit = await new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
      child.once('error', (cause) => reject(new InternalError(`could not run ${command.file}`, { cause })));
      child.once('exit', (code, by) => resolve({ code, signal: by }));
      // The watcher should get the processor before what it watches.
      if (pid !== undefined) lowerPriority(pid);
    });
    if (pid !== undefined) await command.killAll(pid);
    await drained([child.stdout, child.stderr]);
    const outcome = ended?.outcome ?? (exit.code === null ? 'killed' : 'exited');
    const text = plainOutput(output.text());
    const note = ended?.note ? `${text.endsWith('\n') || text === '' ? '' : '\n'}[${ended.note}]\n` : '';
    return {
      outcome,
      exitCode: outcome === 'exited' ? exit.code : null,
      output: text + note,
      durationMs: Math.round(performance.now() - started),
    };
  } finally {
    clearTimeout(timer);
    watcher?.stop();
    signal?.removeEventListener('abort', onAbort);
    child.stdout.destroy();
    child.stderr.destroy();
    await cgroup?.remove();
  }
}

function watch(pid: number, limits: SandboxLimits, exceeded: (note: string) => void): { stop(): void } {
  const timer = setInterval(() => {
    const use = treeUse(pid, limits.processes);
    if (use.processes > limits.processes) exceeded(`stopped: more than ${limits.processes} processes`);
    else if ((use.memoryBytes ?? 0) > limits.memoryBytes)
      exceeded(`stopped: more than ${Math.round(limits.memoryBytes / 1024 ** 2)} MB of memory`);
  }, WATCH_EVERY);
  return { stop: () => clearInterval(timer) };
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, 19);
  } catch {
    // It ended already.
  }
}

async function drained(streams: NodeJS.ReadableStream[]): Promise<void> {
  const ends = Promise.all(streams.map(ended));
  await Promise.race([ends, new Promise((resolve) => setTimeout(resolve, DRAIN))]);
}

async function ended(stream: NodeJS.ReadableStream): Promise<void> {
  if ('closed' in stream && stream.closed) return;
  await new Promise((resolve) => stream.once('close', resolve));
}
