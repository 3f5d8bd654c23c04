import { lstatSync, readlinkSync } from 'node:fs';
import { ETC, SYSTEM } from './toolchains.ts';
import type { SandboxLimits } from './port.ts';

export type BwrapView = {
  cwd: string;
  /** Host folders behind the command's HOME and /tmp. On disk: a tmpfs would be memory that no limit counts. */
  home: string;
  tmp: string;
  /** A host folder whose files become files of /etc, by their names. */
  etc: { folder: string; names: readonly string[] };
  /** Empty folders that programs want to see. */
  folders: readonly string[];
  readOnly: readonly string[];
  /** Shown as /run/nofx/bin/node, last in PATH. */
  node: string;
  env: Record<string, string>;
  /** A unix socket of the filtering proxy; it is shown at PROXY_SOCKET. */
  proxySocket?: string;
};

export const SANDBOX_HOME = '/home/nofx';
export const NODE_FOLDER = '/run/nofx/bin';
export const PROXY_SOCKET = '/run/nofx/proxy.sock';

/** The whole machine as the command sees it. Anything not named here doesn't exist inside. */
export function bwrapArgs(view: BwrapView): string[] {
  const args = [
    '--unshare-all',
    '--unshare-user',
    '--disable-userns',
    '--die-with-parent',
    '--new-session',
    '--clearenv',
    // Not root inside either: tests that expect to be refused something are, and no capability is left.
    '--uid',
    '1000',
    '--gid',
    '1000',
    '--cap-drop',
    'ALL',
    '--hostname',
    'nofx',
    '--dir',
    '/etc',
    '--dir',
    '/run/nofx/bin',
    '--dir',
    '/var/tmp',
  ];
  for (const path of SYSTEM) args.push(...systemFolder(path));
  for (const name of ETC) args.push('--ro-bind-try', `/etc/${name}`, `/etc/${name}`);
  for (const name of view.etc.names) args.push('--ro-bind', `${view.etc.folder}/${name}`, `/etc/${name}`);
  args.push('--proc', '/proc', '--dev', '/dev', '--size', String(64 * 1024 * 1024), '--tmpfs', '/dev/shm');
  args.push('--bind', view.tmp, '/tmp', '--bind', view.home, SANDBOX_HOME);
  args.push('--ro-bind', view.node, `${NODE_FOLDER}/node`);
  for (const path of view.readOnly) args.push('--ro-bind', path, path);
  for (const path of view.folders) args.push('--dir', path);
  args.push('--bind', view.cwd, view.cwd);
  return args;
}

/** What must come after the folders of `bwrapArgs`: read-only parts of the work folder, then the lid. */
export function bwrapTail(view: BwrapView, overCwd: readonly string[]): string[] {
  const args: string[] = [];
  for (const path of overCwd) args.push('--ro-bind', path, path);
  if (view.proxySocket) args.push('--ro-bind', view.proxySocket, PROXY_SOCKET);
  // The root and /dev are tmpfs of bubblewrap's own: writable, and memory.
  args.push('--remount-ro', '/dev', '--remount-ro', '/', '--chdir', view.cwd);
  for (const [key, value] of Object.entries(view.env)) args.push('--setenv', key, value);
  return args;
}

/** /bin and /lib are symlinks into /usr on merged systems and folders on others. */
function systemFolder(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return [];
  return found.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
}

/**
 * Runs `command` by `sh -c` under the limits a process can carry itself: no core file, file size, and private memory of each process
 * (RLIMIT_DATA; RLIMIT_AS would stop Node and Go, which reserve far more addresses than they use). The sum over all processes is watched from
 * outside. ulimit counts in 512-byte blocks for -f and in kB for -d.
 *
 * RLIMIT_NPROC counts a user's processes within the user namespace, and not at all where the user outside is root (Linux 5.14 and later):
 * there the watcher alone stops a fork bomb. `countsOnlyItself` is false outside a namespace, where the user's other processes would count.
 */
export function limitedShell(command: string, limits: SandboxLimits, options: { countsOnlyItself: boolean }): string[] {
  const blocks = Math.max(1, Math.floor(limits.fileBytes / 512));
  const kilobytes = Math.max(1, Math.floor(limits.memoryBytes / 1024));
  // bash calls the number of processes -u, dash -p; each shell dies of the other's option, hence the subshells.
  const processes = ['u', 'p']
    .map((flag) => `(ulimit -${flag} ${limits.processes}) 2>/dev/null && ulimit -${flag} ${limits.processes}`)
    .join(' || ');
  const limit = `ulimit -c 0; ulimit -f ${blocks}; ulimit -d ${kilobytes}; ${options.countsOnlyItself ? `${processes}; ` : ''}`;
  return ['/bin/sh', '-c', `${limit}exec /bin/sh -c "$0"`, command];
}
