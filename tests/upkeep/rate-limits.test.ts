import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lane } from '../support/database.ts';
import { startHarness, type Harness } from '../support/harness.ts';

describe(`GitHub's rate limits, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  const putOff = () => nofx.log().filter((line) => line.includes('put off') || line.includes('step will be run again'));

  it.each([
    ['secondary limit', 'acme', 429, { 'retry-after': '1' }],
    [
      'primary limit',
      'umbrella',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000)) },
    ],
  ])(
    '%s: the job goes back for later, nothing else writes meanwhile, and the run succeeds',
    async (_, owner, status, headers) => {
      // An installation of its own, so that the other's limit is none for it.
      const repository = await nofx.repository({ owner });
      const before = putOff().length;
      nofx.github.failNext({ method: 'POST', path: /\/(comments|check-runs|reactions|pulls)$/, status, headers });
      await repository.comment('/nofx take a note');
      await nofx.drain();
      expect((await repository.runs()).map((run) => run.status)).toEqual(['succeeded']);
      expect(putOff().length).toBeGreaterThan(before);
    },
  );
});
