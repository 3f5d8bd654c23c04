import { afterAll, beforeAll, expect, it } from 'vitest';
import { budgetUse, writerOfToken } from '../src/db/budget.ts';
import { LeaseLost, underLease } from '../src/queue/lease.ts';
import { startHarness, type Harness } from './support/harness.ts';

const TOKENS = { GITHUB_TOKEN: 'ghp_of-mona-1234567890', GIT_TOKEN: 'ghp_of-rita-1234567890' };
const LIMITS = { perMinute: 3, perHour: 500 };

let nofx: Harness;
beforeAll(async () => {
  nofx = await startHarness({ environment: TOKENS, writeBudget: LIMITS });
  nofx.github.createToken('mona', TOKENS.GITHUB_TOKEN);
  nofx.github.createToken('rita', TOKENS.GIT_TOKEN);
});
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

it('what is written by a personal token comes out of a budget of its own, which every process asks', async () => {
  const { host, github } = nofx.nofx.deps.adapters;
  const { id } = await nofx.github.createRepository({
    owner: 'umbrella',
    name: 'kit',
    installed: false,
    files: { 'README.md': '# Kit\n' },
    collaborators: { mona: 'write', rita: 'write' },
  });
  const at = { repositoryId: id, owner: 'umbrella', name: 'kit' };
  const { main: sha } = await nofx.github.branches('umbrella/kit');
  const tag = (tokenEnv: string, name: string) => github.ensureTag({ ...at, tokenEnv }, { tag: name, sha: sha! });
  for (const name of ['v1', 'v2', 'v3']) await tag('GITHUB_TOKEN', name);
  await expect(tag('GITHUB_TOKEN', 'v4')).rejects.toMatchObject({
    retryAfterMs: expect.toSatisfy((ms) => ms > 50_000),
  });
  expect(
    await budgetUse(nofx.nofx.database.db, writerOfToken('GITHUB_TOKEN', host), { ...LIMITS, spacingMs: 0 }),
  ).toMatchObject({
    minute: 1,
  });

  // What GitHub says to one process holds for all.
  nofx.github.failNext({ method: 'POST', path: /\/git\/refs$/, status: 429, headers: { 'retry-after': '90' } });
  await expect(tag('GIT_TOKEN', 'v5')).rejects.toMatchObject({ retryAfterMs: 90_000 });
  const before = nofx.github.requests().length;
  await expect(tag('GIT_TOKEN', 'v6')).rejects.toMatchObject({ retryAfterMs: expect.toSatisfy((ms) => ms > 80_000) });
  expect(
    nofx.github
      .requests()
      .slice(before)
      .filter(({ method }) => method !== 'GET'),
  ).toEqual([]);
});
