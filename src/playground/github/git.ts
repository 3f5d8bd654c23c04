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

/** All branches, name → SHA. */
export async function branchesOf(dir: string): Promise<Map<string, string>> {
  const lines = await git(dir, ['for-each-ref', '--format=%(objectname) %(refname:lstrip=2)', 'refs/heads']);
  return new Map(
    lines
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.slice(41), line.slice(0, 40)] as const),
  );
}
