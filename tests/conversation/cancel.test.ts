import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { startHarness, until, type Harness } from '../support/harness.ts';

describe.concurrent(`what ends a run, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  it.each(['/nofx cancel', '/nofx unlock', 'closing the issue'])(
    '%s waits for what was said before it, in whatever order they are looked at',
    async (end) => {
      const kit = await nofx.repository({
        model: () => turn.text('And then '.repeat(10_000), { delayMs: 200 }),
        collaborators: { mona: 'write', maya: 'maintain' },
      });
      // What starts the run is looked at in vain, and comes back a little later.
      const path = new RegExp(`/${kit.name}/collaborators/mona/permission$`);
      nofx.github.failNext({ path, status: 409 });
      const { issue } = await kit.comment('/nofx add the notes');
      await until(() => nofx.github.requests().some((request) => path.test(request.path)));
      if (end.startsWith('/nofx')) await kit.comment(end, { issue, by: 'maya' });
      else await nofx.github.close({ repo: kit.name, issue, by: 'maya' });
      await kit.drain();
      expect((await kit.runs()).map(({ status }) => status)).toEqual(['cancelled']);
      expect(kit.answers(issue).join()).not.toContain('Nothing of NOFX is under way');
    },
  );
});
