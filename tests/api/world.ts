import { SignJWT } from 'jose';
import { createKey } from '../../src/api/keys.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { startHarness } from '../support/harness.ts';
import { runRequest } from '../support/run-request.ts';
import { startSink } from '../support/sink.ts';
import { startSupabase } from '../support/supabase.ts';
import { ADMIN, bearer, PASSWORD, startApi } from './support.ts';

const JWT_SECRET = 'a secret of at least thirty-two characters';

export type World = Awaited<ReturnType<typeof openWorld>>;
export type Who = Record<string, string>;

/**
 * All that the API tells of, in the whole of NOFX: a repository with a run that has succeeded, its artifacts in Supabase,
 * people of every role, a receiver of webhooks.
 */
export async function openWorld() {
  const supabase = await startSupabase();
  const sink = await startSink();
  const nofx = await startHarness({
    environment: {
      ADMIN_PASSWORD: PASSWORD,
      GIT_TOKEN: 'a token of the tests',
      SUPABASE_URL: supabase.options.url,
      SUPABASE_SERVICE_ROLE_KEY: supabase.options.serviceRoleKey,
      SUPABASE_JWT_SECRET: JWT_SECRET,
      // So that checks have links; nobody follows them here.
      NOFX_PUBLIC_URL: 'https://nofx.example.com',
    },
  });
  const collaborators = { anna: 'admin', mona: 'write', rita: 'read' } as const;
  const kit = await nofx.repository({ private: true, collaborators });
  await kit.ask();
  const projectId = `gh_${kit.id}`;
  const over = await kit.run();
  const { db } = nofx.nofx.database;

  const keyOf = async (login: string): Promise<Who> => {
    const user = { id: nofx.github.addUser(login).id, login };
    return bearer((await createKey(db, { user, name: 'test' })).key);
  };
  /** Who has signed in at Supabase with GitHub. */
  const tokenOf = async (login: string): Promise<Who> => {
    const { id } = nofx.github.addUser(login);
    const identity = { provider: 'github', identity_data: { provider_id: String(id), user_name: login } };
    supabase.users.set(login, { identities: [identity] });
    const token = new SignJWT({}).setSubject(login).setIssuer(`${supabase.options.url}/auth/v1`);
    const signed = token.setAudience('authenticated').setExpirationTime('1h').setProtectedHeader({ alg: 'HS256' });
    return bearer(await signed.sign(new TextEncoder().encode(JWT_SECRET)));
  };
  const people = {
    anna: await keyOf('anna'),
    mona: await keyOf('mona'),
    rita: await keyOf('rita'),
    stranger: await keyOf('stranger'),
  };

  const send = (method: string, path: string, body?: unknown, headers: Who = ADMIN): Promise<Response> =>
    fetch(nofx.nofx.url + path, {
      method,
      redirect: 'manual',
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  const idOf = async (answer: Promise<Response>): Promise<string> => {
    const told = (await (await answer).json()) as { id?: string };
    if (told.id === undefined) throw new Error(JSON.stringify(told));
    return told.id;
  };

  const { crowded, ruined } = await openOthers();
  let newcomers = 0;
  const hooks: Record<string, string[]> = {};
  const world = {
    ...people,
    crowded,
    ruined,
    admin: ADMIN,
    nofx,
    kit,
    db,
    supabase,
    sink,
    projectId,
    over,
    keyOf,
    tokenOf,
    send,
    get: (path: string, headers: Who = ADMIN) => send('GET', path, undefined, headers),
    post: (path: string, body?: unknown, headers: Who = ADMIN) => send('POST', path, body, headers),

    /** Somebody of whom nobody has asked GitHub yet: an admin of the repository. */
    async newcomer(): Promise<{ key: Who; token: Who }> {
      const login = `newcomer-${(newcomers += 1)}`;
      nofx.github.addUser(login);
      nofx.github.setCollaborator(kit.name, login, 'admin');
      return { key: await keyOf(login), token: await tokenOf(login) };
    },

    /** A run that waits for a person. */
    async waiting(by: Who = ADMIN): Promise<string> {
      const plan = { goal: 'Ask first', steps: [{ name: 'ask', tool: 'manual:deploy' }] };
      const id = await idOf(send('POST', '/runs', { plan, projectId }, by));
      await kit.drain();
      return id;
    },

    /** A step of a run that was cancelled. */
    async cancelled(): Promise<{ id: string; step: string }> {
      const id = await world.waiting();
      await send('POST', `/runs/${id}/cancel`);
      await kit.drain();
      const { steps } = (await (await world.get(`/runs/${id}`)).json()) as { steps: { id: string }[] };
      return { id, step: steps[0]!.id };
    },

    /** An endpoint for webhooks of the project, at our own receiver. */
    async webhook(body: { project_id?: string; types?: string[] } = { project_id: projectId }): Promise<string> {
      const id = await idOf(send('POST', '/webhooks', { url: `http://127.0.0.1:${sink.port}/hook`, ...body }));
      // A project may have 20, and no more.
      const older = hooks[body.project_id ?? 'all'] ?? [];
      hooks[body.project_id ?? 'all'] = [...older, id].slice(-18);
      if (older.length === 18) await send('DELETE', `/webhooks/${older[0]}`);
      return id;
    },

    /** A dead letter of a webhook, closed: one that is stored unless told. */
    async deadLetter(guid: string = kit.delivery().guid): Promise<string> {
      const { queue } = nofx.nofx.deps;
      await db.transaction((tx) => queue.enqueue(tx, 'dead', { guid }));
      for (;;) {
        const { letters } = (await (await world.get('/dev/dlq')).json()) as {
          letters: { id: string; delivery: string; closed: boolean }[];
        };
        const letter = letters.find((one) => one.delivery === guid && one.closed);
        if (letter) return letter.id;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },

    async close() {
      for (const { id, endedAt } of await kit.runs()) if (endedAt === null) await send('POST', `/runs/${id}/cancel`);
      await kit.drain();
      await Promise.all([nofx.stop(), crowded.stop(), ruined.stop()]);
      await sink.stop();
      await supabase.close();
    },
  };
  return world;
}

/** Doors of houses in which something is wrong, as it is not to be in a whole one. */
async function openOthers() {
  const crowded = await startApi({ mostReaders: 0 });
  const opened = await openRun(crowded.deps, runRequest());
  if (!opened.ok) throw new Error(opened.errors.join());
  const nosy = await crowded.keyOf({ id: 77, login: 'nosy' });
  let asked: Promise<unknown> | undefined;
  const askTooMuch = () => Promise.all(Array.from({ length: 1_050 }, () => crowded.get('/nothing', nosy)));

  const ruined = await startApi();
  const key = await ruined.keyOf({ id: 2, login: 'mona' });
  await ruined.db.execute('drop schema nofx cascade');
  return {
    crowded: {
      ...crowded,
      runId: opened.run.id,
      /** Somebody who has asked too much. */
      async busy() {
        await (asked ??= askTooMuch());
        return nosy;
      },
    },
    ruined: { ...ruined, key },
  };
}
