import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execa } from 'execa';

type Options = { input?: string | Uint8Array; env?: Record<string, string> };

const QUIET = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };

/**
 * Runs git in a bare repository and gives its output, unchanged but for the last newline. Rejects with
 * execa's error when git fails. The person's own git configuration plays no part.
 */
export async function git(dir: string, args: string[], options: Options = {}): Promise<string> {
  const { stdout } = await execa('git', args, { ...childOptions(dir, options), stripFinalNewline: true });
  return stdout;
}

/** The same, where failing is an answer: null then. */
export async function gitMaybe(dir: string, args: string[], options: Options = {}): Promise<string | null> {
  const result = await execa('git', args, { ...childOptions(dir, options), reject: false });
  return result.exitCode === 0 ? result.stdout : null;
}

export const gitEnvironment = (dir: string) => ({ ...QUIET, GIT_DIR: dir });

function childOptions(dir: string, { input, env }: Options) {
  return {
    cwd: dir,
    env: { ...gitEnvironment(dir), ...env },
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  };
}

const PACKED_BRANCH = /^([0-9a-f]{40}) refs\/heads\/(.+)$/gm;

/** All branches, name → SHA: from git's own files, for they are asked for after all that might have moved one. */
export async function branchesOf(dir: string): Promise<Map<string, string>> {
  const heads = join(dir, 'refs', 'heads');
  const files = await readdir(heads, { recursive: true, withFileTypes: true });
  const loose = files
    .filter((file) => file.isFile() && !file.name.endsWith('.lock'))
    .map(({ parentPath, name }) => join(parentPath, name));
  const packed = await readFile(join(dir, 'packed-refs'), 'utf8').catch(() => '');
  const branches = new Map([...packed.matchAll(PACKED_BRANCH)].map(([, sha, name]) => [name!, sha!] as const));
  for (const path of loose) {
    // Null for one that is removed right now.
    const sha = await readFile(path, 'utf8').catch(() => null);
    if (sha !== null) branches.set(relative(heads, path), sha.trim());
  }
  return new Map([...branches].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
