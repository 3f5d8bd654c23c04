import type { World } from './world.ts';

/** Brings about an answer of one status. */
export type Case = (world: World) => Promise<Response>;

const standard = (w: World) => ({ prompt: 'Note it', quality: false, openPr: false, projectId: w.projectId });
const body = (w: World) => ({ standard: standard(w) });
const elsewhere = { standard: { prompt: 'Note it', projectId: 'gh_0' } };
const artifact = ({ over }: World) => {
  const { stepId, name } = over.artifacts.find((one) => one.name === 'files/notes.md')!;
  return `/artifacts/runs/${over.id}/steps/${stepId}/${name}`;
};

/** A repository whose configuration says nothing that can be read. */
async function unreadable(w: World): Promise<{ projectId: string; retry: string }> {
  const kit = await w.nofx.repository({ config: 'gates:\n  test: "false"\nmax_repairs: 0\n' });
  await kit.ask();
  const run = await kit.run();
  await kit.push({ '.github/nofx.yml': 'gates: 3\n' });
  return { projectId: `gh_${kit.id}`, retry: `/runs/${run.id}/steps/${run.steps.at(-1)!.id}/retry` };
}
let made: ReturnType<typeof unreadable> | undefined;
const broken = (w: World) => (made ??= unreadable(w));

/**
 * For every operation what no rule of contract.test.ts brings about: what goes well, and what goes wrong in its own way.
 * An operation or a status that is added to the API fails there by name until it has a line here.
 */
export const CASES: Record<string, Record<number, Case>> = {
  listRuns: { 200: (w) => w.get('/runs?limit=1'), 403: (w) => w.get('/runs?author=octocat', w.rita) },
  createRun: {
    201: (w) => w.post('/runs', body(w), w.mona),
    403: (w) => w.post('/runs', body(w), w.rita),
    404: (w) => w.post('/runs', elsewhere),
    409: async (w) => {
      const once = { ...w.mona, 'idempotency-key': 'once' };
      await w.post('/runs', body(w), once);
      return w.post('/runs', { standard: { ...standard(w), prompt: 'Something else' } }, once);
    },
    422: async (w) => w.post('/runs', { standard: { prompt: 'x', projectId: (await broken(w)).projectId } }),
    503: async (w) => w.post('/runs', { standard: { prompt: 'x', projectId: await unreachable(w) } }),
  },
  previewRun: {
    200: (w) => w.post('/runs/preview', body(w), w.mona),
    403: (w) => w.post('/runs/preview', body(w), w.rita),
    404: (w) => w.post('/runs/preview', elsewhere),
    422: async (w) => w.post('/runs/preview', { standard: { prompt: 'x', projectId: (await broken(w)).projectId } }),
    503: async (w) => w.post('/runs/preview', { standard: { prompt: 'x', projectId: await unreachable(w) } }),
  },
  getRun: { 200: (w) => w.get(`/runs/${w.over.id}`) },
  getTimeline: { 200: (w) => w.get(`/runs/${w.over.id}/timeline`) },
  getDiff: { 200: (w) => w.get(`/runs/${w.over.id}/diff`) },
  streamRun: {
    200: (w) => w.get(`/runs/${w.over.id}/stream`),
    204: (w) => w.get(`/runs/${w.over.id}/stream`, { ...w.admin, 'last-event-id': '999' }),
    503: (w) => w.crowded.get(`/runs/${w.crowded.runId}/stream`),
  },
  cancelRun: {
    202: async (w) => w.post(`/runs/${await w.waiting()}/cancel`),
    403: async (w) => w.post(`/runs/${await w.waiting()}/cancel`, undefined, w.rita),
    409: (w) => w.post(`/runs/${w.over.id}/cancel`),
  },
  approveRun: {
    200: async (w) => w.post(`/runs/${await w.waiting()}/approve`, {}),
    403: async (w) => w.post(`/runs/${await w.waiting()}/approve`, {}, w.rita),
    404: (w) => w.post('/runs/nothing/approve', {}),
    409: (w) => w.post(`/runs/${w.over.id}/approve`, {}),
  },
  retryStep: {
    200: async (w) => {
      const { id, step } = await w.cancelled();
      return w.post(`/runs/${id}/steps/${step}/retry`);
    },
    403: (w) => w.post(`/runs/${w.over.id}/steps/${w.over.steps[0]!.id}/retry`, undefined, w.rita),
    409: (w) => w.post(`/runs/${w.over.id}/steps/${w.over.steps[0]!.id}/retry`),
    422: async (w) => w.post((await broken(w)).retry),
  },
  getArtifact: {
    200: (w) => w.get(`${artifact(w)}?verified=1`),
    206: (w) => w.get(artifact(w), { ...w.admin, range: 'bytes=0-1' }),
    302: (w) => w.get(artifact(w)),
    416: (w) => w.get(artifact(w), { ...w.admin, range: 'bytes=9999-' }),
    503: async (w) => {
      w.supabase.setDown(true);
      const answer = await w.get(artifact(w));
      w.supabase.setDown(false);
      return answer;
    },
  },
  listProjects: { 200: (w) => w.get('/projects') },
  getProject: { 200: (w) => w.get(`/projects/${w.projectId}`) },
  syncProject: {
    200: (w) => w.post(`/projects/${w.projectId}/sync`, undefined, w.mona),
    403: (w) => w.post(`/projects/${w.projectId}/sync`, undefined, w.rita),
    422: async (w) => w.post(`/projects/${await projectAt(w, 'https://git.example/a.git', 'NOFX_TOKEN_UNSET')}/sync`),
    503: async (w) => w.post(`/projects/${await unreachable(w)}/sync`),
  },
  createProject: {
    201: (w) => w.post('/projects', { name: 'One more', repo_url: fresh() }),
    403: (w) => w.post('/projects', { name: 'x' }, w.anna),
    409: async (w) => {
      const { repo_url } = (await (await w.get(`/projects/${w.projectId}`)).json()) as { repo_url: string };
      return w.post('/projects', { name: 'The same', repo_url });
    },
  },
  changeProject: {
    200: (w) => w.send('PATCH', `/projects/${w.projectId}`, { git_mode: 'basic' }, w.anna),
    403: (w) => w.send('PATCH', `/projects/${w.projectId}`, {}, w.mona),
    404: (w) => w.send('PATCH', '/projects/nothing', {}),
  },
  deleteProject: {
    204: async (w) => w.send('DELETE', `/projects/${await projectAt(w, fresh())}`),
    403: (w) => w.send('DELETE', `/projects/${w.projectId}`, undefined, w.anna),
    409: (w) => w.send('DELETE', `/projects/${w.projectId}`),
  },
  listWebhooks: {
    200: async (w) => {
      await w.webhook();
      return w.get('/webhooks');
    },
    403: (w) => w.get('/webhooks', w.mona),
    404: (w) => w.get('/webhooks?project=gh_0'),
  },
  createWebhook: {
    201: (w) => w.post('/webhooks', { url: `http://127.0.0.1:${w.sink.port}/` }),
    403: (w) => w.post('/webhooks', { url: 'https://hooks.example.com/' }, w.anna),
    404: (w) => w.post('/webhooks', { url: 'https://hooks.example.com/', project_id: 'gh_0' }),
    422: (w) => w.post('/webhooks', { url: 'https://10.0.0.1/' }),
  },
  getWebhook: {
    200: async (w) => w.get(`/webhooks/${await w.webhook()}`, w.anna),
    403: async (w) => w.get(`/webhooks/${await w.webhook()}`, w.mona),
  },
  changeWebhook: {
    200: async (w) => w.send('PATCH', `/webhooks/${await w.webhook()}`, { enabled: false }),
    403: async (w) => w.send('PATCH', `/webhooks/${await w.webhook()}`, { enabled: false }, w.mona),
    404: (w) => w.send('PATCH', '/webhooks/nothing', { enabled: false }),
  },
  deleteWebhook: {
    204: async (w) => w.send('DELETE', `/webhooks/${await w.webhook()}`),
    403: async (w) => w.send('DELETE', `/webhooks/${await w.webhook()}`, undefined, w.mona),
  },
  testWebhook: {
    200: async (w) => w.post(`/webhooks/${await w.webhook()}/test`),
    403: async (w) => w.post(`/webhooks/${await w.webhook()}/test`, undefined, w.mona),
  },
  listWebhookMessages: {
    200: async (w) => w.get(`/webhooks/${(await told(w)).webhook}/messages`),
    403: async (w) => w.get(`/webhooks/${await w.webhook()}/messages`, w.mona),
  },
  redeliverWebhookMessage: {
    202: async (w) => w.post((await told(w)).redeliver),
    422: async (w) => {
      const { webhook, redeliver } = await told(w);
      await w.send('PATCH', `/webhooks/${webhook}`, { enabled: false });
      return w.post(redeliver);
    },
  },
  getQueue: { 200: (w) => w.get('/dev/queue'), 403: (w) => w.get('/dev/queue', w.anna) },
  listDeadLetters: {
    200: async (w) => {
      await w.deadLetter();
      return w.get('/dev/dlq');
    },
    403: (w) => w.get('/dev/dlq', w.anna),
  },
  getDeadLetter: {
    200: async (w) => w.get(`/dev/dlq/${await w.deadLetter()}`),
    403: (w) => w.get('/dev/dlq/nothing', w.anna),
  },
  retryDeadLetter: {
    200: async (w) => w.post(`/dev/dlq/${await w.deadLetter()}/retry`),
    403: (w) => w.post('/dev/dlq/nothing/retry', undefined, w.anna),
    409: async (w) => w.post(`/dev/dlq/${await w.deadLetter('never-stored')}/retry`),
  },
};

/** An address that no project has yet. */
let addresses = 0;
const fresh = () => `https://git.example/${(addresses += 1)}.git`;

/** A project that the app has nothing to do with. */
async function projectAt(w: World, repoUrl: string, tokenEnv?: string): Promise<string> {
  const made = await w.post('/projects', { name: 'Elsewhere', repo_url: repoUrl, token_env: tokenEnv });
  return ((await made.json()) as { id: string }).id;
}

/** One at a place where nothing listens. */
let absent: Promise<string> | undefined;
const unreachable = (w: World) => (absent ??= projectAt(w, 'https://127.0.0.1:9/a.git', 'GIT_TOKEN'));

/** An endpoint that was told of a run. */
async function told(w: World): Promise<{ webhook: string; redeliver: string }> {
  const webhook = await w.webhook({ types: ['run.created'] });
  await w.waiting();
  const log = await w.get(`/webhooks/${webhook}/messages`);
  const { messages } = (await log.json()) as { messages: { id: string }[] };
  return { webhook, redeliver: `/webhooks/${webhook}/messages/${messages[0]!.id}/redeliver` };
}
