import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Read-only parts of the machine a sandboxed command sees, and the PATH that fits them. */
export type Toolchains = {
  readOnly: string[];
  /** Empty folders that their programs insist on. */
  folders: string[];
  path: string[];
  env: Record<string, string>;
};

/** The system, and those bits of /etc that programs break without; none of it is secret. */
export const SYSTEM: readonly string[] = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/lib32', '/opt', '/nix/store'];
export const ETC: readonly string[] = [
  'alternatives',
  'ca-certificates',
  'crypto-policies',
  'fonts',
  'java-11-openjdk',
  'java-17-openjdk',
  'java-21-openjdk',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'magic',
  'maven/logging',
  'maven/m2.conf',
  'mime.types',
  'nsswitch.conf',
  'pki/ca-trust',
  'pki/tls/certs',
  'profile',
  'protocols',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
  'timezone',
];

/**
 * Version managers keep compilers under the home folder. Only the parts with programs are shown: ~/.cargo/credentials.toml and the
 * like stay hidden. `env` names the folder to programs that would look for it under HOME.
 */
const MANAGERS: readonly { folder: string; parts: string[]; empty?: string[]; env?: string }[] = [
  { folder: '.nvm', parts: ['versions'] },
  { folder: '.volta', parts: ['bin', 'tools'], env: 'VOLTA_HOME' },
  { folder: '.fnm', parts: ['node-versions', 'aliases'] },
  { folder: '.local/share/fnm', parts: ['node-versions', 'aliases'] },
  { folder: '.local/share/mise', parts: ['installs', 'shims'] },
  { folder: '.asdf', parts: ['installs', 'shims', 'bin', 'lib'], env: 'ASDF_DATA_DIR' },
  {
    folder: '.pyenv',
    parts: ['bin', 'libexec', 'pyenv.d', 'plugins', 'shims', 'versions', 'version'],
    env: 'PYENV_ROOT',
  },
  { folder: '.rbenv', parts: ['bin', 'libexec', 'rbenv.d', 'shims', 'versions', 'version'], env: 'RBENV_ROOT' },
  { folder: '.cargo', parts: ['bin'] },
  { folder: '.rustup', parts: ['toolchains', 'settings.toml'], empty: ['update-hashes'], env: 'RUSTUP_HOME' },
  { folder: '.sdkman', parts: ['candidates'] },
  { folder: '.deno', parts: ['bin'] },
  { folder: '.bun', parts: ['bin'] },
];

/** Looks at the machine once. `path` is the server's PATH; `extra` are folders the operator allows. */
export async function findToolchains(options: {
  path: string;
  home: string;
  extra: readonly string[];
}): Promise<Toolchains> {
  const readOnly: string[] = [];
  const folders: string[] = [];
  const env: Record<string, string> = {};
  for (const manager of MANAGERS) {
    const folder = join(options.home, manager.folder);
    const parts = manager.parts.map((part) => join(folder, part));
    const found = (await Promise.all(parts.map(exists)))
      .map((there, at) => (there ? parts[at] : undefined))
      .filter((part) => part !== undefined);
    readOnly.push(...found);
    if (found.length === 0) continue;
    folders.push(...(manager.empty ?? []).map((part) => join(folder, part)));
    if (manager.env) env[manager.env] = folder;
  }
  for (const path of options.extra) if (await exists(path)) readOnly.push(path);

  const shown = [...SYSTEM, ...readOnly];
  const path: string[] = [];
  for (const entry of options.path.split(':')) {
    if (!entry.startsWith('/') || path.includes(entry) || !(await exists(entry))) continue;
    const real = await realpath(entry);
    if ([entry, real].every((where) => shown.some((root) => where === root || where.startsWith(`${root}/`))))
      path.push(entry);
  }
  for (const entry of ['/usr/local/bin', '/usr/bin', '/bin']) if (!path.includes(entry)) path.push(entry);
  return { readOnly, folders, path, env };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
