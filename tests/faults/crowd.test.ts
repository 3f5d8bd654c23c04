import { setTimeout as sleep } from 'node:timers/promises';
import { eq } from 'drizzle-orm';
import { afterEach, expect, it } from 'vitest';
import { step } from '../../src/db/schema.ts';
import { sampleFiles } from '../../src/playground/sample.ts';
import { buildTown, type Town } from '../support/process.ts';

let town: Town;
afterEach(() => town.stop());

it('a crowd in one repository, where each write to GitHub waits a second for its turn, keeps no other waiting', async () => {
  // Nobody comes to an end here: both places for steps are taken for good.
  town = await buildTown({ script: () => new Promise(() => {}) });
  const repo = 'umbrella/other';
  const files = await sampleFiles();
  await town.github.createRepository({ owner: 'umbrella', name: 'other', files, collaborators: { mona: 'write' } });
  await town.start();
  await Promise.all(Array.from({ length: 40 }, () => town.comment('/nofx add a slugify helper')));
  const { number: issue } = await town.github.openIssue({ repo, title: 'Add a helper', body: '', by: 'mona' });
  await town.github.comment({ repo, issue, body: '/nofx add a helper', by: 'mona' });
  const asked = performance.now();
  const answered = () => town.github.comments(repo, issue).some(({ user }) => user?.login === 'nofx[bot]');
  while (!answered()) await sleep(50);
  expect(performance.now() - asked).toBeLessThan(15_000);
  expect(await town.database.db.$count(step, eq(step.status, 'running')), 'as many as NOFX_STEP_CONCURRENCY says').toBe(
    2,
  );
});
