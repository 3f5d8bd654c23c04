import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recentFigures } from '../../src/db/figures.ts';
import { run, step } from '../../src/db/schema.ts';
import { listSteps } from '../../src/db/steps.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { freshDatabase, lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';

describe(`what runs came to, on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => void (fresh = await freshDatabase()));
  afterAll(() => fresh.stop());

  let count = 0;
  /** A run that has ended, each step of which has taken a second for each letter of its tool, and cost as much in dollars. */
  const past = async (
    steps: [name: string, tool: string, fromStep?: string][],
    status: 'succeeded' | 'failed' = 'succeeded',
  ) => {
    const { project, ...request } = runRequest({ triggerKey: `test:${(count += 1)}` });
    const plan = {
      goal: 'g',
      steps: steps.map(([name, tool, fromStep]) => ({ name, tool, inputs: { prompt: 'p', fromStep } })),
    };
    const opened = await openRun(fresh, { ...request, plan, project: { ...project, id: 'gh_1' } });
    if (!opened.ok) throw new Error(opened.errors.join());
    const { id } = opened.run;
    for (const { id: stepId, tool } of await listSteps(fresh.db, id)) {
      const cost = tool === 'codegen' ? { usd: 7, cappedUsd: 7 } : null;
      const endedAt = sql`now() + ${tool.length}::int * interval '1 second'`;
      await fresh.db
        .update(step)
        .set({ cost, startedAt: sql`now()`, endedAt })
        .where(eq(step.id, stepId));
    }
    await fresh.db
      .update(run)
      .set({ status, endedAt: sql`now() + ${count}::int * interval '1 minute'` })
      .where(eq(run.id, id));
  };

  it('is told of the newest that succeeded, without what people took and what planning cost', async () => {
    expect(await recentFigures(fresh.db, 'gh_1')).toEqual([]);
    await past([['a', 'codegen']]);
    await past([['a', 'codegen']], 'failed');
    await past([
      ['plan', 'plan'],
      ['approve', 'manual:plan'],
      ['a', 'codegen'],
      ['b', 'codegen'],
      ['repair-1', 'codegen'],
      ['write', 'workspace:write', 'repair-1'],
      ['pull_request', 'git_pr', 'write'],
    ]);
    const figures = await recentFigures(fresh.db, 'gh_1');
    expect(figures).toHaveLength(2);
    expect(figures).toEqual(
      expect.arrayContaining([
        { usd: 7, ms: 7_000, pieces: 1 },
        { usd: 21, ms: 42_000, pieces: 2 },
      ]),
    );
    expect(await recentFigures(fresh.db, 'gh_1', 1)).toEqual([{ usd: 21, ms: 42_000, pieces: 2 }]);
    expect(await recentFigures(fresh.db, 'gh_2')).toEqual([]);
  });
});
