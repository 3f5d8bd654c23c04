import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getRun, recordOnRun } from '../../src/db/runs.ts';
import { listSteps } from '../../src/db/steps.ts';
import { run } from '../../src/db/schema.ts';
import { spentToday } from '../../src/db/spending.ts';
import { NO_USAGE } from '../../src/domain/pricing.ts';
import { RunConfig } from '../../src/domain/run-config.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { readBudget, spend } from '../../src/runs/spend.ts';
import { freshDatabase, lane } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';

describe(`what was spent, on ${lane}`, () => {
  let fresh: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => void (fresh = await freshDatabase()));
  afterAll(() => fresh.stop());

  let count = 0;
  const open = async (projectId: string, budgets: RunConfig['budgets'] = { perRunUsd: null, perDayUsd: null }) => {
    const { project, ...request } = runRequest({ triggerKey: `test:${(count += 1)}` });
    const config = RunConfig.parse({ budgets });
    const opened = await openRun(fresh, { ...request, config, project: { ...project, id: projectId } });
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run;
  };
  const cost = (usd: number | null, cappedUsd = usd ?? 0) => ({ usd, cappedUsd });

  const pay = async ({ id: runId }: { id: string }, usd: number, at = 0) => {
    const step = (await listSteps(fresh.db, runId))[at]!;
    return spend(fresh.db, step, { usage: { ...NO_USAGE, outputTokens: 10 }, cost: cost(usd) });
  };

  it('is added up for the runs that a project opened today, and for no others', async () => {
    expect(await spentToday(fresh.db, 'gh_1')).toEqual({ usd: 0, cappedUsd: 0, runs: 0 });
    const [first, second, yesterdays] = [await open('gh_1'), await open('gh_1'), await open('gh_1')];
    const others = await open('gh_2');
    for (const { id } of [first, second, yesterdays, others]) await recordOnRun(fresh.db, id, { cost: cost(0.25) });
    await open('gh_1');
    const yesterday = sql`date_trunc('day', now(), 'UTC') - interval '1 second'`;
    await fresh.db.update(run).set({ createdAt: yesterday }).where(eq(run.id, yesterdays.id));
    expect(await spentToday(fresh.db, 'gh_1')).toEqual({ usd: 0.5, cappedUsd: 0.5, runs: 3 });
    await recordOnRun(fresh.db, second.id, { cost: cost(null, 2) });
    expect(await spentToday(fresh.db, 'gh_1')).toEqual({ usd: null, cappedUsd: 2.25, runs: 3 });
  });

  it("leaves a run what is left of its own and of its repository's day, whoever spent the rest", async () => {
    const budgets = { perRunUsd: null, perDayUsd: 6 };
    const [mine, other] = [await open('gh_3', budgets), await open('gh_3', budgets)];
    expect(await readBudget(fresh.db, mine)).toEqual({ usd: 5, of: 'run', limitUsd: 5, spentUsd: 0 });
    expect(await pay(mine, 1)).toMatchObject({ usd: 4, of: 'run', spentUsd: 1 });
    expect(await pay(other, 4.5)).toMatchObject({ usd: 0.5, of: 'run' });
    expect(await readBudget(fresh.db, mine)).toEqual({ usd: 0.5, of: 'day', limitUsd: 6, spentUsd: 5.5 });
    const both = await Promise.all([mine, other].map((one) => pay(one, 0.25)));
    expect(both.map(({ usd }) => usd).toSorted((a, b) => a - b)).toEqual([0, 0.25]);
    expect(await spentToday(fresh.db, 'gh_3')).toMatchObject({ cappedUsd: 6 });
  });

  it('is told of each step, also where several spend at once', async () => {
    const run = await open('gh_4');
    await Promise.all([pay(run, 0.5), pay(run, 0.25)]);
    const [step] = await listSteps(fresh.db, run.id);
    expect([step!.cost?.usd, step!.usage?.outputTokens]).toEqual([0.75, 20]);
    expect((await getRun(fresh.db, run.id))!.cost!.usd).toBe(0.75);
  });
});
