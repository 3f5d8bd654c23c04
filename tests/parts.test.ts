import { afterAll, beforeAll, expect, it } from 'vitest';
import { LeaseLost, underLease } from '../src/queue/lease.ts';
import { startHarness, type Harness } from './support/harness.ts';

let nofx: Harness;
beforeAll(async () => void (nofx = await startHarness()));
afterAll(() => nofx.stop());

it('a job whose lease is gone writes nothing to GitHub; it may still read', async () => {
  const repository = await nofx.repository();
  const issue = await repository.openIssue();
  const [owner, name] = repository.name.split('/') as [string, string];
  const repo = { installationId: repository.installationId!, repositoryId: repository.id, owner, name };
  const { github } = nofx.nofx.deps.adapters;
  const write = () => github.upsertComment(repo, issue, { marker: '<!-- nofx:run late -->', body: 'Late.' });

  await expect(underLease(async () => false, write)).rejects.toMatchObject({ cause: expect.any(LeaseLost) });
  expect(repository.answers(issue)).toEqual([]);
  expect(
    await underLease(
      async () => false,
      () => github.permission(repo, 'mona'),
    ),
  ).toBe('write');

  await underLease(async () => true, write);
  expect(repository.answers(issue)).toEqual(['<!-- nofx:run late -->\nLate.']);
});
