import { asc, sql } from 'drizzle-orm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { blockWrites, GITHUB_LIMITS, takeWrite, writerOfInstallation } from '../../src/db/budget.ts';
import type { Executor } from '../../src/db/client.ts';
import { githubBudget, project, run } from '../../src/db/schema.ts';
import { databaseBefore } from '../support/before-migration.ts';
import { lane } from '../support/database.ts';

const before = async (tag: string) => {
  const database = await databaseBefore(tag);
  onTestFinished(database.close);
  return database;
};

/** A run of a project as they have been from the first version on; over where it has succeeded. */
async function insertOld(db: Executor, id: string, status: 'queued' | 'running' | 'succeeded', step: string) {
  const ended = status === 'succeeded' ? sql`now()` : sql`null`;
  await db.execute(sql`
    insert into nofx.project (id, name, repo_url, workspace_mode, git_mode, default_branch, installation_id, repository_id)
    values (${id}, ${id}, 'https://example.com/a/b', 'clone', 'advanced', 'main', ${id === 'by-token' ? null : 7}, 1)`);
  await db.execute(sql`
    insert into nofx.run (id, project_id, status, goal, plan, trigger_key, source, model, max_cost_usd, git_mode, base_ref,
      base_sha, config, branch, lane, ended_at)
    values (${id}, ${id}, ${status}, 'g', '{"goal":"g","steps":[]}', ${id}, '{"kind":"issue","prompt":"p"}', 'm', 5, 'basic',
      'main', repeat('a', 40), '{}', 'nofx/1', ${id}, ${ended})`);
  await db.execute(sql`
    insert into nofx.step (id, run_id, position, name, tool, inputs, status, idempotency_key, depends_on)
    values (${id}, ${id}, 0, 's', 'codegen', '{}', ${step}, ${id}, '[]')`);
}

describe(`what a migration makes of the rows that are there, on ${lane}`, () => {
  it('0001_waiting, 0008_projects: who works has the turn; what a run had settled for its project holds no more', async () => {
    const { db, migrate } = await before('0001_waiting');
    await insertOld(db, 'at-work', 'running', 'running');
    await insertOld(db, 'in-line', 'queued', 'pending');
    await insertOld(db, 'over', 'succeeded', 'succeeded');
    await insertOld(db, 'by-token', 'succeeded', 'succeeded');
    await migrate();
    const runs = await db.select().from(run).orderBy(asc(run.id));
    expect(runs.map(({ id, turnAt }) => [id, turnAt !== null])).toEqual([
      ['at-work', true],
      ['by-token', false],
      ['in-line', false],
      ['over', false],
    ]);
    const projects = await db.select().from(project).orderBy(asc(project.id));
    expect(
      projects.map(({ id, gitMode, workspaceMode, syncedAt }) => [id, gitMode, workspaceMode, syncedAt !== null]),
    ).toEqual([
      ['at-work', 'basic', 'worktree', false],
      ['by-token', 'advanced', 'clone', true],
      ['in-line', 'basic', 'worktree', false],
      ['over', 'basic', 'worktree', true],
    ]);
  });

  it('0011_writers: what an installation has written still counts, under its name', async () => {
    const { db, migrate } = await before('0011_writers');
    await db.execute(sql`
      insert into nofx.github_budget (installation_id, minute, minute_used, hour, hour_used, blocked_until) values
        (7, now(), 80, now(), 300, null), (9007199254740991, now(), 3, now(), 3, now() + interval '90 seconds')`);
    await migrate();
    const [small, large] = [writerOfInstallation(7), writerOfInstallation(Number.MAX_SAFE_INTEGER)];
    const rows = await db.select().from(githubBudget).orderBy(asc(githubBudget.minuteUsed));
    expect(rows).toMatchObject([
      { writer: large, minuteUsed: 3, hourUsed: 3, blockedUntil: expect.any(Date) },
      { writer: small, minuteUsed: 80, hourUsed: 300, blockedUntil: null },
    ]);
    const waits = { ok: false, retryAfterMs: expect.toSatisfy((ms) => ms > 30_000) };
    for (const writer of [small, large]) expect(await takeWrite(db, writer, GITHUB_LIMITS)).toEqual(waits);
    // It is the key as before: no second row of the same.
    await blockWrites(db, small, 1_000);
    expect(await db.$count(githubBudget)).toBe(2);
  });
});
