import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { registryVariables, type Registries } from '../domain/registries.ts';
import { UserError, messageOf } from '../errors.ts';
import { removeTree } from './remove-tree.ts';
import { runLimited } from './process-limited.ts';
import { processesMarked } from './process-tree.ts';
import { NODE_FOLDER, SANDBOX_HOME, bwrapArgs, bwrapTail, limitedShell } from './sandbox-bwrap.ts';
import { etcFiles } from './sandbox-etc.ts';
import { findToolchains } from './toolchains.ts';
import { openNetwork } from './sandbox-network.ts';
import type { CommandResult, Sandbox, SandboxCommand, SandboxLimits } from './port.ts';
import type { Toolchains } from './toolchains.ts';

export type SandboxOptions = {
  mode: 'auto' | 'off';
  /** The server's PATH, HOME and Node (process.execPath). */
  path: string;
  home: string;
  execPath: string;
  /** More folders commands may read: toolchains outside the system's folders. */
  extraReadOnly?: readonly string[];
  /** PEM file of extra certificate authorities, for commands with network. */
  caFile?: string;
  /** The package registries for commands with network. */
  registries?: Registries;
  /** Told why there is no sandbox. */
  log?: { warn(message: string): void };
};

export const DEFAULT_LIMITS: SandboxLimits = {
  timeMs: 600_000,
  memoryBytes: 4 * 1024 ** 3,
  processes: 512,
  outputBytes: 1024 ** 2,
  fileBytes: 1024 ** 3,
};

/** Under HOME: where set-up puts programs that this machine lacks. */
const OWN_PROGRAMS = '.local/bin';

type Run = (command: SandboxCommand, folders: { home: string; tmp: string; etc: string }) => Promise<CommandResult>;

/** Finds out once what this machine can do. Never throws: a machine without a sandbox gets one that refuses. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { log } = options;
  const toolchains = await findToolchains({
    path: options.path,
    home: options.home,
    extra: options.extraReadOnly ?? [],
  });
  const node = await realpath(options.execPath);
  if (options.mode === 'off') {
    log?.warn('The sandbox is off: commands of repositories run with the rights of this server.');
    return { kind: 'off', makeHome, run: withFolders(runOpen({ ...options, toolchains })) };
  }
  const run = runBubblewrapped({ ...options, toolchains, node, files: await etcFiles() });
  const problem = await probe(run);
  if (problem === null) return { kind: 'bubblewrap', makeHome, run: withFolders(run) };
  log?.warn(`No sandbox: ${problem}`);
  return {
    kind: 'missing',
    makeHome,
    async run() {
      throw new UserError(
        `This server has no sandbox, so it doesn't run commands of repositories (${problem}).`,
        'Install bubblewrap and allow user namespaces; or set NOFX_SANDBOX=off to run them unconfined.',
      );
    },
  };
}

/** The reason why commands can't be confined here, or null. */
async function probe(run: Run): Promise<string | null> {
  try {
    const folder = await mkdtemp(join(tmpdir(), 'nofx-probe-'));
    try {
      const result = await withFolders(run)({
        command: 'echo ready',
        cwd: folder,
        network: 'none',
        limits: { timeMs: 10_000 },
      });
      if (result.outcome === 'exited' && result.exitCode === 0 && result.output === 'ready\n') return null;
      return `bubblewrap doesn't work here: ${result.output.trim().slice(0, 500) || result.outcome}`;
    } finally {
      await removeTree(folder);
    }
  } catch (error) {
    return `bubblewrap can't be run: ${messageOf(error)}`;
  }
}

async function makeHome(): Promise<{ path: string; dispose(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'nofx-home-'));
  return { path, dispose: () => removeTree(path) };
}

/** Gives each command a /tmp of its own, and a HOME unless it brings one; both go afterwards. */
function withFolders(run: Run): Sandbox['run'] {
  return async (command) => {
    const folder = await mkdtemp(join(tmpdir(), 'nofx-run-'));
    try {
      const home = command.home ?? join(folder, 'home');
      const tmp = join(folder, 'tmp');
      const etc = join(folder, 'etc');
      await Promise.all([home, tmp, etc].map((each) => mkdir(each, { recursive: true })));
      return await run(command, { home, tmp, etc });
    } finally {
      await removeTree(folder);
    }
  };
}

function runBubblewrapped(
  options: SandboxOptions & { toolchains: Toolchains; node: string; files: Record<string, string> },
): Run {
  const { toolchains, node, files } = options;
  return async (command, { home, tmp, etc }) => {
    const limits = { ...DEFAULT_LIMITS, ...command.limits };
    const network =
      command.network === 'none'
        ? null
        : await openNetwork(command.network.domains, { caFile: options.caFile, registries: options.registries });
    try {
      const env = {
        PATH: [...toolchains.path, `${SANDBOX_HOME}/${OWN_PROGRAMS}`, NODE_FOLDER].join(delimiter),
        HOME: SANDBOX_HOME,
        TMPDIR: '/tmp',
        LANG: 'C.UTF-8',
        CI: 'true',
        ...toolchains.env,
        ...network?.env,
        ...command.env,
      };
      const readOnly = [...toolchains.readOnly, ...(network?.readOnly ?? [])];
      await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(etc, name), text)));
      const view = {
        home,
        tmp,
        etc: { folder: etc, names: Object.keys(files) },
        cwd: command.cwd,
        readOnly,
        folders: toolchains.folders,
        node,
        env,
        proxySocket: network?.socket,
      };
      const wrapped = network ? network.wrap(command.command) : command.command;
      const args = [
        ...bwrapArgs(view),
        ...bwrapTail(view, command.readOnly ?? []),
        '--',
        ...limitedShell(wrapped, limits, { countsOnlyItself: true }),
      ];
      return await runLimited({
        file: 'bwrap',
        args,
        cwd: '/',
        env: { PATH: options.path },
        limits,
        signal: command.signal,
        onOutput: command.onOutput,
        // The namespace's first process dies with bwrap, and everything in the namespace with that.
        killAll: killGroup,
      });
    } finally {
      network?.close();
    }
  };
}

/** NOFX_SANDBOX=off: a clean environment and the limits, but nothing is hidden or forbidden. */
function runOpen(options: SandboxOptions & { toolchains: Toolchains }): Run {
  return async (command, { home, tmp }) => {
    const limits = { ...DEFAULT_LIMITS, ...command.limits };
    const marker = `NOFX_COMMAND=${randomUUID()}`;
    const [file = '/bin/sh', ...args] = limitedShell(command.command, limits, { countsOnlyItself: false });
    const caFile: Record<string, string> = options.caFile
      ? { SSL_CERT_FILE: options.caFile, NODE_EXTRA_CA_CERTS: options.caFile }
      : {};
    return runLimited({
      file,
      args,
      cwd: command.cwd,
      env: {
        PATH: [options.path, join(home, OWN_PROGRAMS)].join(delimiter),
        HOME: home,
        TMPDIR: tmp,
        LANG: 'C.UTF-8',
        CI: 'true',
        ...options.toolchains.env,
        ...caFile,
        ...registryVariables(options.registries ?? {}),
        ...command.env,
        NOFX_COMMAND: marker.slice(13),
      },
      limits,
      signal: command.signal,
      onOutput: command.onOutput,
      async killAll(pid) {
        killGroup(pid);
        // Daemons left the group; the variable they inherited gives them away. Twice, for one that forked meanwhile.
        for (let round = 0; round < 2; round++) for (const daemon of await processesMarked(marker)) kill(daemon);
      },
    });
  };
}

function killGroup(pid: number): void {
  kill(-pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
