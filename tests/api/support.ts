import { Hono } from 'hono';
import { pino } from 'pino';
import { createApi } from '../../src/api/api.ts';
import type { ApiDeps } from '../../src/api/env.ts';
import { createKey } from '../../src/api/keys.ts';
import { serve } from '../../src/http/server.ts';
import type { GitHub } from '../../src/github/port.ts';
import { createSecretKeeper } from '../../src/secrets.ts';
import { freshDatabase } from '../support/database.ts';

export const PASSWORD = 'a password of the tests';
export const ADMIN = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

type Options = Partial<Pick<ApiDeps, 'supabase'>> & {
  github?: Partial<GitHub>;
  artifacts?: ApiDeps['adapters']['artifacts'];
};

/** The API alone, over HTTP, on a database of its own. */
export async function startApi({ supabase = null, github = {}, artifacts }: Options = {}) {
  const fresh = await freshDatabase();
  const log: string[] = [];
  const deps = {
    ...fresh,
    log: pino({ level: 'warn' }, { write: (line) => void log.push(line) }),
    adapters: { github, artifacts, redact: createSecretKeeper([]).redact, host: 'github.example' },
    adminPassword: PASSWORD,
    supabase,
  } as unknown as ApiDeps;
  const server = await serve(new Hono().route('/', createApi(deps)), { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    ...fresh,
    deps,
    url,
    log,
    get: (path: string, headers: Record<string, string> = ADMIN) => fetch(url + path, { headers }),
    post: (path: string, body?: unknown, headers: Record<string, string> = ADMIN) =>
      fetch(url + path, {
        method: 'POST',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    /** Headers with a new key of somebody. */
    keyOf: async (user: { id: number; login: string }) =>
      bearer((await createKey(fresh.db, { user, name: 'test' })).key),
    async stop() {
      await server.close();
      await fresh.stop();
    },
  };
}
