import { createKey } from './api/keys.ts';
import { listApiKeys, revokeApiKey } from './db/api-keys.ts';
import type { Executor } from './db/client.ts';
import { UserError } from './errors.ts';
import { findUser } from './github/users.ts';

type Given = {
  db: Executor;
  apiUrl: string;
  args: string[];
  user: string | undefined;
  userId: string | undefined;
  name: string | undefined;
  say: (line: string) => void;
};

/** The commands about API keys. They need the database alone. */
export const KEY_COMMANDS: Record<string, (given: Given) => Promise<number>> = {
  async 'keys create'({ db, apiUrl, user: login, userId, name, say }) {
    if (!login) throw new UserError('Whose key is it to be?', 'Say --user and their login on GitHub.');
    if (userId !== undefined && !/^[1-9]\d{0,14}$/.test(userId)) {
      throw new UserError(`${userId} is not the id of a user.`, `It is the number in ${apiUrl}/users/${login}.`);
    }
    const user = userId === undefined ? await findUser(apiUrl, login) : { id: Number(userId), login };
    const { id, key } = await createKey(db, { user, name: name ?? 'unnamed' });
    say(key);
    say(`This is all there is of ${id}, a key of ${user.login}: it is not shown again.`);
    return 0;
  },
  async 'keys list'({ db, say }) {
    const keys = await listApiKeys(db);
    if (keys.length === 0) say('There are no keys.');
    for (const { id, login, userId, name, createdAt, lastUsedAt, revokedAt } of keys) {
      const used = lastUsedAt ? `used ${lastUsedAt.toISOString()}` : 'never used';
      say([id, `${login} (${userId})`, createdAt.toISOString(), revokedAt ? 'revoked' : used, name].join('  '));
    }
    return 0;
  },
  async 'keys revoke'({ db, args: [id], say }) {
    if (!id) throw new UserError('Which one?', '`npm run nofx -- keys list` shows the ids; give one of them.');
    if (!(await revokeApiKey(db, id))) {
      throw new UserError(`There is no key ${id} that could be revoked.`, '`npm run nofx -- keys list` shows the ids.');
    }
    say(`${id} opens nothing any more.`);
    return 0;
  },
};
