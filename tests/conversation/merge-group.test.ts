import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lane } from '../support/database.ts';
import { startHarness, type Harness } from '../support/harness.ts';

describe(`a merge queue, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  it('does not wait in vain for the check of NOFX, where there ever was one', async () => {
    nofx.github.addUser('github-merge-queue[bot]', { type: 'Bot' });
    const kit = await nofx.repository();
    const queue = async () => {
      await nofx.github.push({ repo: kit.name, branch: 'queued', files: { 'a.md': `${Math.random()}\n` }, by: 'mona' });
      const { sha } = await nofx.github.queue({ repo: kit.name, branch: 'queued', by: 'github-merge-queue[bot]' });
      await kit.drain();
      return kit.checks(sha);
    };
    expect(await queue()).toEqual([]);
    await kit.ask();
    expect(await queue()).toEqual(['NOFX: completed/neutral']);
  });
});
