import { constants } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InternalError } from '../errors.ts';
import type { GitConfig } from './git-env.ts';
import { makePipe } from './process.ts';

/** How often git may ask within one command. It asks once; the rest is slack. */
const COPIES = 3;

/**
 * Offers a credential to the git commands that run inside `use`, through a named pipe in a private folder. The
 * secret is in no argument, address, file or environment of a child: they only know the pipe's path. The helper
 * answers for `origin` alone, so a redirect to another host gets nothing.
 */
export async function withCredential<T>(
  credential: { username: string; password: string } | null,
  origin: string,
  use: (config: GitConfig) => Promise<T>,
): Promise<T> {
  if (credential === null) return use([]);
  const lines = `username=${credential.username}\npassword=${credential.password}\n`;
  if (/[\r\n\0]/.test(credential.username + credential.password))
    throw new InternalError('a credential has a line break');
  const folder = await mkdtemp(join(tmpdir(), 'nofx-git-'));
  try {
    const path = join(folder, 'credential');
    await makePipe(path);
    // Opened for both directions so that neither opening nor writing waits for a reader.
    const pipe = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      await pipe.write(lines.repeat(COPIES));
      return await use([[`credential.${origin}.helper`, helper(path)]]);
    } finally {
      await pipe.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Only shell builtins touch the secret: no process is started with it. */
function helper(path: string): string {
  const quoted = `'${path.replaceAll("'", `'\\''`)}'`;
  return `!f() { test "$1" = get || exit 0; { IFS= read -r u && IFS= read -r p && printf '%s\\n%s\\n' "$u" "$p"; } <${quoted}; }; f`;
}
