import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/api/keys.ts';
import { lane } from '../support/database.ts';
import { readEvents } from '../support/event-source.ts';
import { startHarness, writesNotes, type Harness, type Repository } from '../support/harness.ts';

const PASSWORD = 'a password of the tests';
const admin = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };

describe.concurrent(`a run over the API, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness({ environment: { ADMIN_PASSWORD: PASSWORD } })));
  afterAll(() => nofx.stop());

  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = admin) =>
    fetch(nofx.nofx.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  const keyOf = async (login: string) => {
    const user = { id: nofx.github.addUser(login).id, login };
    const { key } = await createKey(nofx.nofx.database.db, { user, name: 'test' });
    return { authorization: `Bearer ${key}` };
  };
  /** A repository that NOFX has worked in. */
  const known = async (): Promise<Repository & { projectId: string }> => {
    const kit = await nofx.repository({ model: writesNotes });
    await kit.ask();
    return Object.assign(kit, { projectId: `gh_${kit.id}` });
  };

  it('goes from a request to a pull request, and is seen all the way', async () => {
    const kit = await known();
    const mona = await keyOf('mona');
    const standard = { prompt: 'Add the notes once more', quality: true, openPr: true, projectId: kit.projectId };
    const preview = await call('POST', '/runs/preview', { standard }, mona);
    expect(preview.status).toBe(200);
    expect(await preview.json()).toMatchObject({
      plan: { steps: [{ tool: 'codegen' }, { tool: 'workspace:write' }, { tool: 'gate:test' }, { tool: 'git_pr' }] },
      base_ref: 'main',
    });
    expect(await kit.runs()).toHaveLength(1);

    const once = { ...mona, 'idempotency-key': 'one' };
    const started = await call('POST', '/runs', { standard }, once);
    expect(started.status).toBe(201);
    const { id, ...rest } = (await started.json()) as { id: string };
    expect(rest).toEqual({ status: expect.any(String), projectId: kit.projectId });
    expect(await (await call('POST', '/runs', { standard }, once)).json()).toMatchObject({ id });
    const other = { standard: { ...standard, prompt: 'Something else' } };
    expect((await call('POST', '/runs', other, once)).status).toBe(409);

    const stream = readEvents(await call('GET', `/runs/${id}/stream`, undefined, mona));
    await stream.ended;
    expect(stream.told.at(-1)!.data).toMatchObject({ type: 'run.succeeded', runId: id });
    const finished = stream.told.find(({ data }) => data.type === 'step.finished' && data['name'] === 'codegen')!;
    expect(finished.data['outputs']).toMatchObject({ files: [{ path: 'notes.md' }] });
    await kit.drain();
    const run = (await (await call('GET', `/runs/${id}`, undefined, mona)).json()) as {
      pull_request: { number: number };
      artifacts: { name: string; url: string }[];
    };
    expect(kit.pullRequests().map(({ number }) => number)).toContain(run.pull_request.number);
    expect(await (await call('GET', `/runs/${id}/diff`, undefined, mona)).text()).toContain('+Noted.');
    const { url } = run.artifacts.find(({ name }) => name === 'files/notes.md')!;
    expect(await (await call('GET', url, undefined, mona)).text()).toBe('Noted.\n');
  });

  it('pushes the branch alone, without gates, where that is wanted, for the admin', async () => {
    const kit = await known();
    const standard = { prompt: 'Note it', quality: false, openPr: false, projectId: kit.projectId };
    const { id } = (await (await call('POST', '/runs', { standard })).json()) as { id: string };
    await kit.drain();
    const run = (await kit.runs()).find((one) => one.id === id)!;
    expect(run).toMatchObject({ status: 'succeeded', pullRequest: null });
    expect(await kit.ownBranches()).toContain(run.branch);
    expect((await kit.detailsOf(run)).steps.map(({ tool }) => tool)).toEqual([
      'codegen',
      'workspace:write',
      'git_push',
    ]);
  });

  it("takes a plan of one's own, waits where it says so, and goes on with a yes", async () => {
    const kit = await known();
    const plan = { goal: 'Ask first', steps: [{ name: 'ask', tool: 'manual:deploy' }] };
    const { id } = (await (await call('POST', '/runs', { plan, projectId: kit.projectId })).json()) as { id: string };
    await kit.drain();
    expect((await call('POST', `/runs/${id}/approve`, {}, await keyOf('rita'))).status).toBe(403);
    expect((await call('POST', `/runs/${id}/approve`, { plan: 'no hash' })).status).toBe(400);
    expect((await call('POST', `/runs/${id}/approve`, {}, await keyOf('mona'))).status).toBe(200);
    await kit.drain();
    expect((await kit.runs()).find((one) => one.id === id)).toMatchObject({ status: 'succeeded' });
    expect((await call('POST', `/runs/${id}/approve`, {})).status).toBe(409);
  });

  it('does a failed run again from a step on, with the code that was written, on its issue or on none', async () => {
    const kit = await nofx.repository({ model: writesNotes, config: 'gates:\n  test: "false"\nmax_repairs: 0\n' });
    const { issue } = await kit.ask();
    const projectId = `gh_${kit.id}`;
    const mona = await keyOf('mona');
    const standard = { prompt: 'Note it', projectId };
    await call('POST', '/runs', { standard }, mona);
    await kit.drain();
    const before = await kit.runs();
    expect(before.map(({ status }) => status)).toEqual(['failed', 'failed']);
    for (const run of before) {
      const { steps } = await kit.detailsOf(run);
      const gate = steps.find(({ tool }) => tool === 'gate:test')!;
      const path = `/runs/${run.id}/steps/${gate.id}/retry`;
      expect((await call('POST', path, undefined, await keyOf('rita'))).status).toBe(403);
      expect((await call('POST', `/runs/${run.id}/steps/step_0/retry`, undefined, mona)).status).toBe(404);
      const retried = await call('POST', path, undefined, mona);
      expect(retried.status).toBe(200);
      const { run_id: id, ...rest } = (await retried.json()) as { run_id: string };
      expect(rest).toEqual({ success: true, message: 'Step retry initiated' });
      await kit.drain();
      const again = await kit.detailsOf((await kit.runs()).find((one) => one.id === id)!);
      expect(again.steps[0]).toMatchObject({ tool: 'reuse', status: 'succeeded' });
      expect(again.source).toMatchObject({ prompt: run.source.prompt, kind: run.source.kind });
      expect(again.source.issue?.number).toBe(run.source.issue?.number);
      expect(again.events[0]!.payload).toMatchObject({ repeats: run.id });
    }
    expect(issue).toBeGreaterThan(0);
  });

  it('starts nothing for whoever may not, or of what is wrong', async () => {
    const kit = await known();
    const standard = { prompt: 'x', projectId: kit.projectId };
    expect((await call('POST', '/runs', { standard }, await keyOf('rita'))).status).toBe(403);
    expect((await call('POST', '/runs', { standard: { ...standard, projectId: 'gh_0' } })).status).toBe(404);
    const odd = {
      goal: 'g',
      steps: [
        { name: 'a', tool: 'shell' },
        { name: 'b', tool: 'codegen', inputs: { _dependsOn: ['c'] } },
        { name: 'd', tool: 'git_pr', inputs: { fromStep: 'b' } },
      ],
    };
    const refused = await call('POST', '/runs', { plan: odd, projectId: kit.projectId });
    expect(refused.status).toBe(422);
    expect(((await refused.json()) as { errors: object[] }).errors).toEqual([
      {
        in: 'json',
        field: 'plan.steps.0.tool',
        message:
          'step "a": unknown tool "shell"; known are codegen, workspace:write, gate:*, git_ops, git_pr, git_push, manual:*',
      },
      {
        in: 'json',
        field: 'plan.steps.1.inputs._dependsOn',
        message: 'step "b" depends on "c", which is not in the plan',
      },
      {
        in: 'json',
        field: 'plan.steps.2.inputs.fromStep',
        message: expect.stringMatching(
          /^step "d": fromStep: "b" hands on no commit; .* put one of the tool workspace:write there$/,
        ) as string,
      },
    ]);
    // What takes over the work of another run could take over that of somebody else's.
    for (const tool of ['reuse', 'plan', 'rebase', 'manual:plan']) {
      const plan = { goal: 'g', steps: [{ name: 'a', tool, inputs: { stepId: 'step_of_others' } }] };
      expect((await call('POST', '/runs', { plan, projectId: kit.projectId })).status, tool).toBe(422);
    }
    const faulty = await call('POST', '/runs', { standard: { quality: 'yes' }, more: 1 });
    expect(faulty.status).toBe(400);
    expect(((await faulty.json()) as { errors: { field: string }[] }).errors.map(({ field }) => field)).toEqual([
      'standard.prompt',
      'standard.quality',
      'standard.projectId',
      '',
    ]);
    expect((await call('POST', '/runs', {})).status).toBe(400);
    expect((await call('POST', '/runs', { plan: { goal: 'g', steps: [{ name: 'a', tool: 'codegen' }] } })).status).toBe(
      400,
    );
    expect((await call('POST', '/runs', undefined)).status).toBe(400);
    expect(await kit.runs()).toHaveLength(1);
  });

  it('tells of the projects that somebody may read', async () => {
    const kit = await known();
    const rita = await keyOf('rita');
    const projects = (await (await call('GET', '/projects', undefined, rita)).json()) as { id: string; name: string }[];
    expect(projects.find(({ id }) => id === kit.projectId)).toMatchObject({
      name: kit.name,
      workspace_mode: 'worktree',
    });
    expect((await call('GET', `/projects/${kit.projectId}`, undefined, rita)).status).toBe(200);
    nofx.github.configure(kit.name, { private: true });
    expect((await call('GET', `/projects/${kit.projectId}`, undefined, await keyOf('somebody'))).status).toBe(404);
  });
});
