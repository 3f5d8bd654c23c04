import { z } from 'zod';
import { UserError } from '../errors.ts';

const User = z.object({ id: z.number().int(), login: z.string(), type: z.string() });

/** Somebody on GitHub, as it tells everybody. UserError where there is nobody of that login. */
export async function findUser(apiUrl: string, login: string): Promise<{ id: number; login: string }> {
  const answer = await fetch(`${apiUrl}/users/${encodeURIComponent(login)}`, {
    headers: { accept: 'application/vnd.github+json', 'user-agent': 'nofx' },
    signal: AbortSignal.timeout(20_000),
  });
  if (answer.status === 404) throw new UserError(`There is no user ${login} on GitHub.`, 'Correct the login.');
  if (!answer.ok) {
    throw new UserError(
      `GitHub does not tell who ${login} is (${answer.status}).`,
      `Give the id as well: --user-id <number>, which is in ${apiUrl}/users/${login}.`,
    );
  }
  const { id, login: asWritten } = User.parse(await answer.json());
  return { id, login: asWritten };
}
