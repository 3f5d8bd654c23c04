import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listApiKeys, revokeApiKey } from '../../src/db/api-keys.ts';
import { visitor } from '../pages/support.ts';
import { createApiJudge, operationsOf, readApiDocument, type Operation } from '../support/api-document.ts';
import { bearer } from './support.ts';
import { openWorld, type Who, type World } from './world.ts';

const document = await readApiDocument();
const operations = operationsOf(document);
const judge = createApiJudge(document);

/** What there is to be asked for in a repository. */
type Place = { projectId: string; run: string; step: string; artifact: string; webhook: string; message: string };

type Row = {
  /** What is asked of the operation; where it is allowed it changes nothing, or nothing that counts. */
  ask(place: Place, world: World): Ask | Promise<Ask>;
  /**
   * The statuses, in a private repository: of somebody without a role in it, of who asked for the run when they had one,
   * of a reader, a writer, an admin of it, of the admin, and of who has the link of the run.
   */
  private: [number, number, number, number, number, number, number];
};
type Ask = { path: string; body?: object; headers?: Who };

const standard = ({ projectId }: Place) => ({ standard: { prompt: 'Note it', projectId } });
const run = ({ run: id }: Place, rest = '') => ({ path: `/runs/${id}${rest}` });
const webhook = ({ webhook: id }: Place, rest = '') => ({ path: `/webhooks/${id}${rest}` });

const seen = (status: number): Row['private'] => [404, status, status, status, status, status, status];
const managed = (status: number): Row['private'] => [404, 404, 403, 403, status, status, 401];
const adminOnly = (status: number): Row['private'] => [403, 403, 403, 403, 403, status, 401];

/**
 * Who may do what. An operation that is added to the API fails below by name until it has a line here.
 * Where somebody is allowed and nothing is to happen, the request is one that is refused after that (409, 422).
 */
const TABLE: Record<string, Row> = {
  listRuns: {
    ask: ({ projectId }) => ({ path: `/runs?project=${projectId}` }),
    private: [200, 200, 200, 200, 200, 200, 401],
  },
  createRun: {
    ask: (place) => ({ path: '/runs', body: standard(place) }),
    private: [404, 404, 403, 422, 422, 422, 401],
  },
  previewRun: {
    ask: (place) => ({ path: '/runs/preview', body: standard(place) }),
    private: [404, 404, 403, 422, 422, 422, 401],
  },
  getRun: { ask: (place) => run(place), private: seen(200) },
  getTimeline: { ask: (place) => run(place, '/timeline'), private: seen(200) },
  getDiff: { ask: (place) => run(place, '/diff'), private: seen(200) },
  streamRun: {
    ask: (place) => ({ ...run(place, '/stream'), headers: { 'last-event-id': '9999' } }),
    private: seen(204),
  },
  cancelRun: { ask: (place) => run(place, '/cancel'), private: [404, 409, 403, 409, 409, 409, 401] },
  approveRun: {
    ask: (place) => ({ ...run(place, '/approve'), body: {} }),
    private: [404, 409, 409, 409, 409, 409, 401],
  },
  retryStep: { ask: (place) => run(place, `/steps/${place.step}/retry`), private: [404, 403, 403, 409, 409, 409, 401] },
  getArtifact: { ask: ({ artifact: path }) => ({ path }), private: seen(302) },
  listProjects: { ask: () => ({ path: '/projects' }), private: [200, 200, 200, 200, 200, 200, 401] },
  getProject: {
    ask: ({ projectId }) => ({ path: `/projects/${projectId}` }),
    private: [404, 404, 200, 200, 200, 200, 401],
  },
  syncProject: {
    ask: ({ projectId }) => ({ path: `/projects/${projectId}/sync` }),
    private: [404, 404, 403, 200, 200, 200, 401],
  },
  createProject: { ask: () => ({ path: '/projects', body: { name: 'Nowhere' } }), private: adminOnly(400) },
  changeProject: {
    ask: ({ projectId }) => ({ path: `/projects/${projectId}`, body: {} }),
    private: managed(200),
  },
  deleteProject: {
    ask: ({ projectId }) => ({ path: `/projects/${projectId}` }),
    private: [404, 404, 403, 403, 403, 409, 401],
  },
  listWebhooks: { ask: ({ projectId }) => ({ path: `/webhooks?project=${projectId}` }), private: managed(200) },
  createWebhook: {
    ask: ({ projectId }) => ({ path: '/webhooks', body: { url: 'https://10.0.0.1/', project_id: projectId } }),
    private: managed(422),
  },
  getWebhook: { ask: (place) => webhook(place), private: managed(200) },
  changeWebhook: { ask: (place) => ({ ...webhook(place), body: { enabled: false } }), private: managed(200) },
  deleteWebhook: {
    ask: async ({ projectId }, world) => ({ path: `/webhooks/${await world.webhook({ project_id: projectId })}` }),
    private: managed(204),
  },
  testWebhook: { ask: (place) => webhook(place, '/test'), private: managed(200) },
  listWebhookMessages: { ask: (place) => webhook(place, '/messages'), private: managed(200) },
  redeliverWebhookMessage: {
    ask: (place) => webhook(place, `/messages/${place.message}/redeliver`),
    private: managed(422),
  },
  getQueue: { ask: () => ({ path: '/dev/queue' }), private: adminOnly(200) },
  listDeadLetters: { ask: () => ({ path: '/dev/dlq' }), private: adminOnly(200) },
  getDeadLetter: { ask: () => ({ path: '/dev/dlq/nothing' }), private: adminOnly(404) },
  retryDeadLetter: { ask: () => ({ path: '/dev/dlq/nothing/retry' }), private: adminOnly(404) },
};

describe('who may do what', () => {
  let world: World;
  let places: Record<'private' | 'foreign' | 'public', Place>;
  let strangers: Record<string, Who>;
  let people: Record<'stranger' | 'olga' | 'rita' | 'mona' | 'anna' | 'admin' | 'link', Who>;
  let likeRita: Record<string, Who>;
  beforeAll(async () => {
    world = await openWorld();
    const { nofx, keyOf } = world;
    const roles = { anna: 'admin', mona: 'write', rita: 'read' } as const;
    const [own, foreign, open] = [
      await openPlace(world, { private: true, collaborators: { ...roles, olga: 'write' } }, 'olga'),
      await openPlace(world, { private: true, collaborators: { paul: 'write' } }, 'paul'),
      await openPlace(world, { collaborators: { paul: 'write' } }, 'paul'),
    ];
    places = { private: own, foreign, public: open };
    // She asked for the run, and has no role there any more.
    nofx.github.setCollaborator(own.kit.name, 'olga', null);
    const { stranger, rita, mona, anna, admin } = world;
    people = {
      stranger,
      olga: await keyOf('olga'),
      rita,
      mona,
      anna,
      admin,
      link: { cookie: `nofx_link=${own.link}` },
    };

    const revoked = await keyOf('revoked');
    const [newest] = (await listApiKeys(world.db)).filter(({ login }) => login === 'revoked');
    await revokeApiKey(world.db, newest!.id);
    strangers = { nobody: {}, 'a bad key': bearer(`nofx_${'x'.repeat(43)}`), 'a revoked key': revoked };

    const browser = visitor(nofx.nofx.url);
    await browser.signIn(rita['authorization']!.replace('Bearer ', ''));
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    likeRita = {
      'rita by Supabase': await world.tokenOf('rita'),
      'rita signed in': { cookie, origin: nofx.nofx.url },
    };
  });
  afterAll(() => world.close());

  /** The status, and that the document knows of it. */
  const statusOf = async (operation: Operation, place: Place, who: Who): Promise<number | string> => {
    const { path, body, headers } = await TABLE[operation.id]!.ask(place, world);
    const answer = await world.send(operation.method, path, body, { ...headers, ...who });
    const problems = await judge(operation, answer);
    return problems.length > 0 ? problems.join() : answer.status;
  };
  const statuses = async (operation: Operation, place: Place, who: Record<string, Who>) => {
    const told: Record<string, number | string> = {};
    for (const [name, headers] of Object.entries(who)) told[name] = await statusOf(operation, place, headers);
    return told;
  };
  const all = (names: object, status: number) => Object.fromEntries(Object.keys(names).map((name) => [name, status]));

  it('is told for every operation', () => {
    expect(Object.keys(TABLE).toSorted()).toEqual(operations.map(({ id }) => id).toSorted());
  });

  it.each(operations.filter(({ id }) => TABLE[id]))('$id', async (operation) => {
    const [stranger, olga, rita, mona, anna, admin, link] = TABLE[operation.id]!.private;
    expect(await statuses(operation, places.private, strangers), 'nobody we know').toEqual(all(strangers, 401));
    expect(await statuses(operation, places.private, people), 'in a private repository').toEqual({
      stranger,
      olga,
      rita,
      mona,
      anna,
      admin,
      link,
    });
    expect(await statuses(operation, places.private, likeRita), 'by other ways in').toEqual(all(likeRita, rita));
    // A cookie comes along by itself: without a word of the browser that the page is ours it does nothing.
    const { cookie } = likeRita['rita signed in']!;
    expect(await statusOf(operation, places.private, { cookie: cookie! }), 'a cookie alone').toBe(
      operation.method === 'GET' ? rita : 401,
    );

    const { admin: _admin, link: _link, ...users } = people;
    // What answers strangers with 404 belongs to a repository; the rest is the same wherever it is asked from.
    if (stranger !== 404) return;
    expect(await statuses(operation, places.foreign, people), "in others' private repository").toEqual({
      ...all(users, 404),
      admin,
      link: 401,
    });
    expect(await statuses(operation, places.public, users), 'in a public repository').toEqual(all(users, rita));
  });
});

/** A repository with a run, a webhook that was told of it and is off, and a configuration that lets nobody start another. */
async function openPlace(world: World, options: Parameters<World['nofx']['repository']>[0], by: string) {
  const kit = await world.nofx.repository(options);
  await kit.ask('/nofx add the notes', { by });
  const projectId = `gh_${kit.id}`;
  const webhook = await world.webhook({ project_id: projectId, types: ['run.created'] });
  await kit.ask('/nofx add the notes', { by });
  const { messages } = (await (await world.get(`/webhooks/${webhook}/messages`)).json()) as {
    messages: { id: string }[];
  };
  await world.send('PATCH', `/webhooks/${webhook}`, { enabled: false });
  await kit.push({ '.github/nofx.yml': 'gates: 3\n' });
  const [first] = await kit.runs();
  const { steps, artifacts } = await kit.detailsOf(first!);
  const { stepId, name } = artifacts.find((one) => one.name === 'files/notes.md')!;
  const check = kit.checkRuns().find(({ external_id: id }) => id?.includes(first!.id));
  return {
    kit,
    projectId,
    run: first!.id,
    step: steps[0]!.id,
    artifact: `/artifacts/runs/${first!.id}/steps/${stepId}/${name}`,
    webhook,
    message: messages[0]!.id,
    link: new URL(check!.details_url!).searchParams.get('key'),
  };
}
