import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { does, type Repository } from '../support/harness.ts';
import { openWorld, type World } from './world.ts';

const anything = expect.anything();
const text = expect.any(String);
const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

/** The examples of section 7 of the specification, in its order, sent and answered as they are written there. */
describe('the examples of the specification', () => {
  let world: World;
  let kit: Repository;
  let projectId: string;
  let runId: string;
  beforeAll(async () => {
    world = await openWorld();
    kit = await world.nofx.repository({
      model: does([['write', { file_path: 'src/Auth.tsx', content: 'export const Auth = () => null;\n' }]]),
    });
    await kit.ask();
    projectId = `gh_${kit.id}`;
  });
  afterAll(() => world.close());

  const json = async (answer: Response) => (await answer.json()) as Record<string, unknown>;

  it('POST /runs', async () => {
    const answer = await world.post('/runs', {
      standard: {
        prompt: 'Create authentication component',
        quality: true,
        openPr: true,
        filePath: 'src/Auth.tsx',
        projectId,
      },
    });
    expect(answer.status).toBe(201);
    const created = await json(answer);
    expect(created).toEqual({ id: expect.stringMatching(/^run_/), status: 'queued', projectId });
    runId = created['id'] as string;
  });

  it('GET /runs/{runId}/stream', async () => {
    const answer = await world.get(`/runs/${runId}/stream`, { ...world.admin, accept: 'text/event-stream' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    // It ends with the run.
    const data = (await answer.text()).split('\n').filter((line) => line.startsWith('data: '));
    expect(data[0]).toBe(`data: {"type":"connected","runId":"${runId}"}`);
    const told = data.map((line) => JSON.parse(line.slice('data: '.length)) as Record<string, unknown>);
    expect(told).toContainEqual(expect.objectContaining({ type: 'step.started', stepId: text, tool: 'codegen' }));
    expect(told).toContainEqual(expect.objectContaining({ type: 'step.finished', stepId: text, outputs: anything }));
    expect(told.at(-1)).toMatchObject({ type: 'run.succeeded' });
    await kit.drain();
  });

  it('GET /runs/{runId}', async () => {
    const answer = await world.get(`/runs/${runId}`);
    expect(answer.status).toBe(200);
    expect(await json(answer)).toMatchObject({
      id: runId,
      goal: text,
      status: 'succeeded',
      plan: { goal: text, steps: expect.any(Array) },
      created_at: moment,
      project_id: projectId,
    });
  });

  it('GET /runs?page=1&limit=20', async () => {
    const answer = await world.get('/runs?page=1&limit=20');
    expect(answer.status).toBe(200);
    const { runs, pagination } = (await answer.json()) as { runs: { id: string }[]; pagination: object };
    expect(runs.map(({ id }) => id)).toContain(runId);
    expect(pagination).toMatchObject({ page: 1, limit: 20, total: runs.length, pages: 1 });
  });

  it('POST /runs/{runId}/steps/{stepId}/retry, with a plan as section 7.4 has it', async () => {
    const step = {
      name: 'write',
      tool: 'codegen',
      inputs: { prompt: 'Write it', _dependsOn: [], _policy: { env_allowed: [] } },
      // It fails by this: its own tool is not among them.
      tools_allowed: ['git_pr'],
      env_allowed: ['PATH'],
      secrets_scope: 'none',
    };
    const plan = { goal: 'Fail', steps: [step] };
    const { id } = await json(await world.post('/runs', { plan, projectId }));
    await kit.drain();
    const failed = (await (await world.get(`/runs/${id as string}`)).json()) as {
      status: string;
      steps: { id: string }[];
    };
    expect(failed.status).toBe('failed');
    const answer = await world.post(`/runs/${id as string}/steps/${failed.steps[0]!.id}/retry`);
    expect(answer.status).toBe(200);
    expect(await json(answer)).toMatchObject({ success: true, message: 'Step retry initiated' });
    await kit.drain();
  });

  it('GET /artifacts/runs/{runId}/steps/{stepId}/{filename}', async () => {
    const { artifacts } = (await (await world.get(`/runs/${runId}`)).json()) as {
      artifacts: { step_id: string; name: string }[];
    };
    const { step_id: stepId } = artifacts.find(({ name }) => name === 'files/src/Auth.tsx')!;
    // Behind a redirect where it is in Supabase, as it is here.
    const url = `${world.nofx.nofx.url}/artifacts/runs/${runId}/steps/${stepId}/files/src/Auth.tsx`;
    const answer = await fetch(url, { headers: world.admin });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await answer.text()).toBe('export const Auth = () => null;\n');
  });

  it('GET /projects', async () => {
    const answer = await world.get('/projects');
    expect(answer.status).toBe(200);
    const project = {
      id: projectId,
      name: kit.name,
      repo_url: expect.stringMatching(/^https?:/),
      workspace_mode: 'worktree',
      git_mode: 'basic',
      initialized: true,
      default_branch: 'main',
    };
    expect(await answer.json()).toContainEqual(expect.objectContaining(project));
  });

  it('POST /projects', async () => {
    const asked = {
      name: 'New Project',
      repo_url: 'https://github.com/org/new-repo',
      workspace_mode: 'clone',
      git_mode: 'basic',
    };
    const answer = await world.post('/projects', asked);
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ id: expect.stringMatching(/^p_/), ...asked });
  });

  it('events, as section 7.4 has them', async () => {
    const { events } = (await (await world.get(`/runs/${runId}/timeline`)).json()) as { events: { type: string }[] };
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['run.created', 'step.finished']));
    for (const event of events) {
      expect(event).toMatchObject({
        id: text,
        run_id: runId,
        type: text,
        payload: expect.any(Object),
        created_at: moment,
      });
    }
    expect(events.find(({ type }) => type === 'step.finished')).toMatchObject({ step_id: text });
  });
});
