import { afterEach, describe, expect, it } from 'vitest';
import { repositoryOf } from '../../src/handlers/access.ts';
import { getProject } from '../../src/db/projects.ts';
import { reapChecks } from '../../src/upkeep/reap-checks.ts';
import { lane } from '../support/database.ts';
import { startHarness, type Harness } from '../support/harness.ts';

const never = new AbortController().signal;

describe(`check runs that were left open, on ${lane}`, () => {
  let nofx: Harness;
  afterEach(() => nofx.stop());

  it('are closed where their run has ended or is not known, and left alone where it goes on or they are young', async () => {
    nofx = await startHarness();
    const repository = await nofx.repository();
    await repository.ask('/nofx take a note');
    const run = await repository.run();
    const { deps } = nofx.nofx;
    const ref = repositoryOf({ project: (await getProject(deps.db, run.projectId))! });
    const headSha = (await repository.branches())[run.branch]!;
    const check = (externalId: string, startedAt: Date) =>
      deps.adapters.github.upsertCheckRun(ref, {
        headSha,
        name: externalId,
        externalId,
        startedAt,
        status: 'in_progress',
        output: { title: 't', summary: 's' },
      });
    const old = new Date(Date.now() - 2 * 3_600_000);
    await check(`${run.id}:again`, old);
    await check('run_00000000000000000a:NOFX', old);
    await check('run_00000000000000000b:NOFX', new Date());
    await check('somebody else’s', old);

    expect(await reapChecks(deps, never)).toEqual({ again: false, closed: 2 });
    const open = repository.checkRuns(headSha).filter(({ status }) => status !== 'completed');
    expect(open.map((one) => one.external_id).sort()).toEqual(['run_00000000000000000b:NOFX', 'somebody else’s']);
    const closed = repository.checkRuns(headSha).filter(({ conclusion }) => conclusion === 'cancelled');
    expect(closed.map((one) => String(one.output.summary)).toSorted((a, b) => b.localeCompare(a))).toEqual([
      expect.stringContaining('ended (succeeded)'),
      expect.stringContaining('no longer knows'),
    ]);
    expect(await reapChecks(deps, never)).toEqual({ again: false, closed: 0 });
    for (const { id } of open) await deps.adapters.github.cancelCheck(ref, id, { title: 't', summary: 's' });
  });

  it('are closed also where GitHub fails at those of another repository', async () => {
    nofx = await startHarness();
    const repositories = [await nofx.repository(), await nofx.repository()];
    const { deps } = nofx.nofx;
    for (const repository of repositories) {
      await repository.ask('/nofx take a note');
      const run = await repository.run();
      await deps.adapters.github.upsertCheckRun(
        repositoryOf({ project: (await getProject(deps.db, run.projectId))! }),
        {
          headSha: (await repository.branches())[run.branch]!,
          name: 'NOFX',
          externalId: `${run.id}:again`,
          startedAt: new Date(Date.now() - 2 * 3_600_000),
          status: 'in_progress',
          output: { title: 't', summary: 's' },
        },
      );
    }
    const path = new RegExp(`^/repos/${repositories[0]!.name}/git/matching-refs`);
    nofx.github.failNext({ path, status: 409 });
    expect(await reapChecks(deps, never)).toEqual({ again: false, closed: 1 });
    expect(await reapChecks(deps, never)).toEqual({ again: false, closed: 1 });
  });
});
