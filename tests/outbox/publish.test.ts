import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listEvents } from '../../src/db/events.ts';
import { deleteEndpoint, listEndpoints } from '../../src/db/endpoints.ts';
import { event, message } from '../../src/db/schema.ts';
import { createEndpoint, setEndpointEnabled } from '../../src/outbox/endpoints.ts';
import { publish } from '../../src/outbox/publish.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { lane } from '../support/database.ts';
import { ownLane, startOutbox } from '../support/outbox.ts';
import { runRequest } from '../support/run-request.ts';

const URL = 'http://127.0.0.1:9/hook';

/** No worker runs here: what is asked is which messages and jobs there are. */
describe(`publishing on ${lane}`, () => {
  let outbox: Awaited<ReturnType<typeof startOutbox>>;
  beforeAll(async () => void (outbox = await startOutbox()));
  afterAll(() => outbox.stop());
  beforeEach(async () => {
    for (const { id } of await listEndpoints(outbox.db)) await deleteEndpoint(outbox.db, id);
    await outbox.db.execute(sql`delete from pgboss.job where name = 'outbound'`);
  });

  const jobs = async () => (await outbox.due()).length;
  const types = async (endpointId: string) => (await outbox.log(endpointId)).map(({ type }) => type);

  it('makes no message and no job where nobody listens', async () => {
    const runId = await outbox.open();
    await outbox.finish(runId);
    expect(await listEvents(outbox.db, runId)).toHaveLength(4);
    expect(await outbox.db.$count(message)).toBe(0);
    expect(await jobs()).toBe(0);
  });

  it('makes a message and a job for each event and each endpoint', async () => {
    const one = await createEndpoint(outbox.deps, { url: URL });
    const two = await createEndpoint(outbox.deps, { url: URL });
    await outbox.finish(await outbox.open());
    const all = ['run.created', 'step.enqueued', 'step.finished', 'run.succeeded'];
    expect(await types(one.endpoint.id)).toEqual(all);
    expect(await types(two.endpoint.id)).toEqual(all);
    expect((await outbox.log(one.endpoint.id)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(await jobs()).toBe(8);
  });

  it('leaves out what an endpoint does not want', async () => {
    const failures = await createEndpoint(outbox.deps, { url: URL, types: ['run.failed', 'step.failed'] });
    const ends = await createEndpoint(outbox.deps, { url: URL, types: ['run.succeeded'] });
    await outbox.finish(await outbox.open());
    expect(await types(failures.endpoint.id)).toEqual([]);
    expect(await types(ends.endpoint.id)).toEqual(['run.succeeded']);
    expect(await jobs()).toBe(1);
  });

  it('leaves out other projects', async () => {
    const mine = runRequest().project;
    await outbox.open();
    const endpoint = await createEndpoint(outbox.deps, { url: URL, projectId: mine.id, types: ['run.created'] });
    const runId = await outbox.open();
    await outbox.open({ project: { ...mine, id: 'gh_8', name: 'acme/other', repositoryId: 8 } });
    expect((await outbox.log(endpoint.endpoint.id)).map((one) => one.runId)).toEqual([runId]);
  });

  it('leaves out an endpoint that is off', async () => {
    const { endpoint } = await createEndpoint(outbox.deps, { url: URL, types: ['run.created'] });
    await setEndpointEnabled(outbox.deps, endpoint.id, false);
    await outbox.open();
    expect(await types(endpoint.id)).toEqual([]);
    await setEndpointEnabled(outbox.deps, endpoint.id, true);
    await outbox.open();
    expect(await types(endpoint.id)).toEqual(['run.created']);
  });

  it('makes neither event nor message nor job when its transaction rolls back', async () => {
    const { endpoint } = await createEndpoint(outbox.deps, { url: URL });
    const runId = await outbox.open();
    const before = await outbox.log(endpoint.id);
    await expect(
      outbox.db.transaction(async (tx) => {
        await publish(tx, outbox.queue, runId, [{ type: 'run.started' }]);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await listEvents(outbox.db, runId)).toHaveLength(2);
    expect(await outbox.log(endpoint.id)).toEqual(before);
    expect(await jobs()).toBe(before.length);
    await outbox.db.transaction((tx) => publish(tx, outbox.queue, runId, [{ type: 'run.started' }]));
    expect((await listEvents(outbox.db, runId)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('makes neither when the connection dies between message and job', async () => {
    const { endpoint } = await createEndpoint(outbox.deps, { url: URL });
    const events = await outbox.db.$count(event);
    let cut = 0;
    const enqueue: typeof outbox.queue.enqueue = async (tx, name, ...rest) => {
      if (name === 'outbound' && (cut += 1) === 2) {
        if (lane === 'postgres') await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`);
        throw new Error('cut');
      }
      return outbox.queue.enqueue(tx, name, ...rest);
    };
    const request = ownLane({ triggerKey: 'outbox:cut' });
    await expect(openRun({ ...outbox, queue: { ...outbox.queue, enqueue } }, request)).rejects.toThrow(
      /cut|terminat|Failed query/,
    );
    expect(cut).toBe(2);
    expect([await outbox.db.$count(event), await outbox.log(endpoint.id), await jobs()]).toEqual([events, [], 0]);
    expect(await openRun(outbox, request)).toMatchObject({ opened: true });
    expect([await types(endpoint.id), await jobs()]).toEqual([['run.created', 'step.enqueued'], 2]);
  });

  it('numbers events without gaps when many publish at once', async () => {
    const { endpoint } = await createEndpoint(outbox.deps, { url: URL });
    const runId = await outbox.open();
    const two = [{ type: 'step.retried' }, { type: 'step.started' }] as const;
    await Promise.all(
      Array.from({ length: 10 }, () => outbox.db.transaction((tx) => publish(tx, outbox.queue, runId, [...two]))),
    );
    const expected = Array.from({ length: 22 }, (_, index) => index + 1);
    expect((await listEvents(outbox.db, runId)).map(({ seq }) => seq)).toEqual(expected);
    expect((await outbox.log(endpoint.id)).map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(expected);
    expect(await jobs()).toBe(22);
  });

  it('refuses an event of a run that is not there', async () => {
    await expect(
      outbox.db.transaction((tx) => publish(tx, outbox.queue, 'run_none', [{ type: 'run.started' }])),
    ).rejects.toThrow('run_none');
  });
});
