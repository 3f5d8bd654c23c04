import { createHash, randomBytes } from 'node:crypto';
import { insertApiKey } from '../db/api-keys.ts';
import type { Executor } from '../db/client.ts';

const PREFIX = 'nofx_';

/** Makes an API key for somebody on GitHub. The key is told here and never again: only its hash is kept. */
export async function createKey(
  db: Executor,
  { user, name }: { user: { id: number; login: string }; name: string },
): Promise<{ id: string; key: string }> {
  const id = `key_${randomBytes(9).toString('hex')}`;
  const key = PREFIX + randomBytes(32).toString('base64url');
  await insertApiKey(db, { id, name, userId: user.id, login: user.login, sha256: hashOf(key) });
  return { id, key };
}

export function isKey(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** A plain hash is enough: a key is 256 random bits, which nobody guesses from a word list. */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
