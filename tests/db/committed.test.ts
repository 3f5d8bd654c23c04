import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tellCommitted, type RunEvent } from '../../src/db/committed.ts';
import { appendEvents, findRunTrace } from '../../src/db/events.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { freshDatabase, lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';

describe(`events that are told, on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  const told: RunEvent[] = [];
  beforeAll(async () => {
    fresh = await freshDatabase();
    tellCommitted(fresh.db, (events) => told.push(...events));
  });
  afterAll(() => fresh.stop());

  it('are those of a transaction that committed, after it did, and of a statement of its own', async () => {
    const opened = await openRun(fresh, { ...runRequest(), trace: { traceparent: 'a' } });
    const runId = opened.ok ? opened.run.id : '';
    expect(told.map(({ runId: id, type }) => [id, type])).toEqual([
      [runId, 'run.created'],
      [runId, 'step.enqueued'],
    ]);
    expect(await findRunTrace(fresh.db, runId)).toEqual({ traceparent: 'a' });

    told.length = 0;
    await fresh.db.transaction(async (tx) => {
      await appendEvents(tx, runId, [{ type: 'run.started' }]);
      expect(told).toEqual([]);
    });
    expect(told).toEqual([{ runId, type: 'run.started' }]);

    told.length = 0;
    await appendEvents(fresh.db, runId, [{ type: 'step.started' }]);
    expect(told).toEqual([{ runId, type: 'step.started' }]);
  });

  it('are none of a transaction that was rolled back', async () => {
    told.length = 0;
    const opened = await openRun(fresh, { ...runRequest(), triggerKey: 'comment:rolled-back' });
    told.length = 0;
    const undone = fresh.db.transaction(async (tx) => {
      await appendEvents(tx, opened.ok ? opened.run.id : '', [{ type: 'run.failed' }]);
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    expect(told).toEqual([]);
    expect(await findRunTrace(fresh.db, opened.ok ? opened.run.id : '')).toBeUndefined();
  });
});
