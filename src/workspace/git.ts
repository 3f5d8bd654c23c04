import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import pLimit from 'p-limit';
import { simpleGit } from 'simple-git';
import { InternalError, RetryableError, messageOf } from '../errors.ts';
import { gitEnvironment } from './git-env.ts';
import { processesMarked } from './process-tree.ts';
import type { GitConfig, GitNetwork } from './git-env.ts';

/** Where a command runs. All explicit: git never searches for a repository, so none that a model made is found. */
export type GitPlace = {
  gitDir: string;
  workTree?: string;
  indexFile?: string;
  /** Where new objects go instead of the git directory's own; those stay readable. */
  objects?: { directory: string; alternates: string[] };
};

export type GitCommand = {
  place?: GitPlace;
  config?: GitConfig;
  input?: string | Buffer;
  signal?: AbortSignal;
  /** ms; default 10 minutes */
  timeoutMs?: number;
  /** Of what it prints, so many bytes are enough: then it is ended, which counts as success. */
  mostBytes?: number;
};

export type GitResult = { exitCode: number; stdout: Buffer; stderr: string };

export type Git = {
  /** Runs git and hands back whatever came of it. Throws only when git can't be run, timed out or was aborted. */
  run(args: string[], command?: GitCommand): Promise<GitResult>;
  /** Like `run`, for commands that have no expected way to fail: stdout, or InternalError. */
  output(args: string[], command?: GitCommand): Promise<Buffer>;
  /** The same as trimmed text. */
  text(args: string[], command?: GitCommand): Promise<string>;
};

/** Keys of git's that we set on purpose, each to something harmless; simple-git refuses all others. */
const OUR_ENVIRONMENT = [
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_GLOBAL',
  'GIT_ATTR_NOSYSTEM',
  'GIT_TERMINAL_PROMPT',
  'GIT_ASKPASS',
  'GIT_LFS_SKIP_SMUDGE',
  'GIT_OPTIONAL_LOCKS',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_SSL_CAINFO',
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
];

/**
 * The only door to the git binary. Arguments are written by this room's code; what comes from users or models
 * is only ever a checked branch name, an object name, or data on stdin.
 * simple-git's checks of the arguments (pack programs, `--exec`, abbreviations …) stay on.
 * At most `atOnce` processes run at the same time; the others wait their turn.
 */
export function createGit(options: { path: string; network: GitNetwork; cwd: string; atOnce: number }): Git {
  // Its time runs from its turn on, not while it waits for one.
  const turn = pLimit(options.atOnce);
  const run = (args: string[], command: GitCommand = {}) =>
    new Promise<GitResult>((resolve, reject) => {
      const { signal } = command;
      // Those before it may take minutes, and it is not to wait for them once nobody wants it.
      const giveUp = () => reject(signal?.reason);
      if (signal?.aborted) giveUp();
      signal?.addEventListener('abort', giveUp, { once: true });
      void turn(async () => {
        signal?.removeEventListener('abort', giveUp);
        await runNow(args, command).then(resolve, reject);
      });
    });

  async function runNow(args: string[], command: GitCommand): Promise<GitResult> {
    command.signal?.throwIfAborted();
    const mark = randomUUID();
    const marker = `NOFX_GIT=${mark}`;
    const env = {
      ...gitEnvironment(options.path, options.network, command.config),
      ...placeEnvironment(command.place),
      NOFX_GIT: mark,
    };
    const { mostBytes = Infinity } = command;
    const chunks: Buffer[] = [];
    let size = 0;
    let ended: { exitCode: number; stdErr: Buffer[] } | undefined;
    const timeout = AbortSignal.timeout(command.timeoutMs ?? 600_000);
    const abort = command.signal ? AbortSignal.any([command.signal, timeout]) : timeout;
    // simple-git ends git alone; its helpers would go on talking with a remote that does not answer.
    const stopAll = () => void endMarked(marker);
    abort.addEventListener('abort', stopAll, { once: true });
    const git = simpleGit({
      baseDir: options.cwd,
      abort,
      allowEnvironment: [...OUR_ENVIRONMENT, ...Object.keys(env).filter((key) => key.startsWith('GIT_CONFIG_'))],
      unsafe: {
        allowUnsafeConfigPaths: true,
        allowUnsafeConfigEnvCount: true,
        allowUnsafeHooksPath: true,
        allowUnsafeFsMonitor: true,
        allowUnsafeCredentialHelper: true,
        allowUnsafeProtocolOverride: true,
        allowUnsafeAskPass: true,
        allowUnsafeTemplateDir: true,
      },
      completion: { onClose: true, onExit: 1000 },
      // Once the process ended, its exit code is a value for us to read, not an error.
      errors(error, result) {
        ended = { exitCode: result.exitCode, stdErr: result.stdErr };
        return result.exitCode === 0 || !isPluginError(error) ? undefined : error;
      },
      input: () => command.input,
    })
      .env(env)
      .outputHandler((_binary, stdout) => {
        stdout.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size >= mostBytes && stdout instanceof Readable) stdout.destroy();
        });
        // simple-git waits 50 ms after a command that printed nothing; an empty chunk spares us that.
        queueMicrotask(() => stdout.emit('data', Buffer.alloc(0)));
      });
    try {
      await git.raw(args);
    } catch (error) {
      // Once more, for one that was started meanwhile.
      if (abort.aborted) await endMarked(marker);
      if (command.signal?.aborted) throw command.signal.reason ?? error;
      if (timeout.aborted) throw new RetryableError(`git ${args[0]} took too long and was stopped`, { cause: error });
      throw new InternalError(`git could not be run: ${messageOf(error)}`, { cause: error });
    } finally {
      abort.removeEventListener('abort', stopAll);
    }
    if (command.signal?.aborted) throw command.signal.reason;
    if (ended === undefined) throw new InternalError(`git ${args[0]} ended without a result`);
    return {
      exitCode: size >= mostBytes ? 0 : ended.exitCode,
      stdout: Buffer.concat(chunks).subarray(0, mostBytes),
      stderr: Buffer.concat(ended.stdErr).toString('utf8'),
    };
  }

  async function output(args: string[], command?: GitCommand): Promise<Buffer> {
    const result = await run(args, command);
    if (result.exitCode !== 0) {
      throw new InternalError(
        `git ${args[0]} failed (exit ${result.exitCode}): ${result.stderr.trim().slice(0, 2000)}`,
      );
    }
    return result.stdout;
  }

  return { run, output, text: async (args, command) => (await output(args, command)).toString('utf8').trim() };
}

/** Ends git and its helpers in a way that lets them remove their lock files. */
async function endMarked(marker: string): Promise<void> {
  for (const pid of await processesMarked(marker)) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It is gone already.
    }
  }
}

function isPluginError(error: unknown): boolean {
  return error instanceof Error && 'plugin' in error;
}

function placeEnvironment(place: GitPlace | undefined): Record<string, string> {
  // Without a place git must still not find the repository around its working directory.
  if (place === undefined) return { GIT_DIR: '/dev/null' };
  const env: Record<string, string> = { GIT_DIR: place.gitDir };
  if (place.workTree) env['GIT_WORK_TREE'] = place.workTree;
  if (place.indexFile) env['GIT_INDEX_FILE'] = place.indexFile;
  if (place.objects) {
    env['GIT_OBJECT_DIRECTORY'] = place.objects.directory;
    env['GIT_ALTERNATE_OBJECT_DIRECTORIES'] = place.objects.alternates.join(':');
  }
  return env;
}
