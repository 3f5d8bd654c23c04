import { Hono } from 'hono';
import { pino } from 'pino';
import { createApi } from '../../src/api/api.ts';
import { createAccess } from '../../src/api/access.ts';
import type { ApiDeps } from '../../src/api/env.ts';
import type { PageDeps } from '../../src/pages/env.ts';
import { createKey } from '../../src/api/keys.ts';
import { createGuesses } from '../../src/api/guesses.ts';
import { createSessions } from '../../src/api/sessions.ts';
import { createStreams } from '../../src/api/streams.ts';
import type { DatabaseOptions } from '../../src/db/client.ts';
import { createEventFeed } from '../../src/db/event-feed.ts';
import { createRunLinks } from '../../src/domain/run-link.ts';
import { serve } from '../../src/http/server.ts';
import { createPages } from '../../src/pages/pages.ts';
import type { GitHub } from '../../src/github/port.ts';
import { createOutbound } from '../../src/outbound/outbound.ts';
import { createSecretKeeper } from '../../src/secrets.ts';
import { freshDatabase } from '../support/database.ts';

export const PASSWORD = 'a password of the tests';
const SECRETS = ['a secret of the tests', PASSWORD];
export const ADMIN = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

type Options = Partial<Pick<ApiDeps, 'supabase'>> & {
  github?: Partial<GitHub>;
  artifacts?: ApiDeps['adapters']['artifacts'];
  workspaces?: ApiDeps['adapters']['workspaces'];
  lookEveryMs?: number;
  mostReaders?: number;
  /** a fresh one of the lane when absent */
  database?: DatabaseOptions;
};

/** The API alone, over HTTP, on a database of its own. */
export async function startApi({
  supabase = null,
  github = {},
  artifacts,
  workspaces,
  lookEveryMs,
  mostReaders,
  database,
}: Options = {}) {
  const fresh = await freshDatabase(database);
  const log: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => void log.push(line) });
  const feed = createEventFeed(fresh, { log: logger, lookEveryMs });
  const secrets = createSecretKeeper([]);
  const { redact } = secrets;
  const streams = createStreams({ db: fresh.db, feed, redact, log: logger, heartbeatMs: 100, most: mostReaders });
  const deps = {
    ...fresh,
    log: logger,
    streams,
    outbox: { ...fresh, ...secrets, log: logger, outbound: createOutbound({ reach: 'loopback' }) },
    defaults: { model: 'claude-sonnet-5-5', maxCostUsd: 5, backpressureAgeMs: 5_000 },
    adapters: {
      github,
      artifacts,
      workspaces: workspaces ?? { checkRemote: async () => {} },
      redact,
      host: 'github.example',
      allowHttp: false,
    },
    adminPassword: PASSWORD,
    publicUrl: null,
    sessions: createSessions({ db: fresh.db, secrets: SECRETS }),
    guesses: createGuesses(),
    links: createRunLinks({ secret: 'a secret of the tests', publicUrl: 'https://nofx.example.com' }),
    supabase,
    access: createAccess({ ...fresh, adapters: { github } } as unknown as ApiDeps),
  } as unknown as PageDeps;
  const open = async (of: PageDeps) => {
    const app = new Hono().route('/', createPages(of)).route('/', createApi(of));
    const server = await serve(app, { host: '127.0.0.1', port: 0 });
    return { url: `http://127.0.0.1:${server.port}`, stop: () => server.close() };
  };
  const server = await open(deps);
  const { url } = server;
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = ADMIN) =>
    fetch(url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  return {
    ...fresh,
    deps,
    url,
    log,
    get: (path: string, headers: Record<string, string> = ADMIN) => fetch(url + path, { headers }),
    post: (path: string, body?: unknown, headers: Record<string, string> = ADMIN) => send('POST', path, body, headers),
    send,
    /** Headers with a new key of somebody. */
    keyOf: async (user: { id: number; login: string }) =>
      bearer((await createKey(fresh.db, { user, name: 'test' })).key),
    /** The same once more, as another process on this database would serve it. */
    beside: () =>
      open({ ...deps, sessions: createSessions({ db: fresh.db, secrets: SECRETS }), guesses: createGuesses() }),
    async stop() {
      streams.close();
      await server.stop();
      await feed.close();
      await fresh.stop();
    },
  };
}
