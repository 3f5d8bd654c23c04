import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { PASSING, startHarness, type Harness } from '../support/harness.ts';

/** $0.30 a request. */
const dear = {
  input_tokens: 100_000,
  output_tokens: 10_000,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

describe.concurrent(`what a repository may cost, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness({ environment: { NOFX_MAX_COST_USD: '1' } });
  });
  afterAll(() => nofx.stop());

  it('ends a run at the limit of the repository, below that of the server, and says where it is set', async () => {
    const kit = await nofx.repository({
      config: `${PASSING}budgets: { per_run_usd: 0.5 }\n`,
      model: () => ({ ...turn.tool('glob', { pattern: '*' }), usage: dear }),
    });
    const { issue } = await kit.ask();
    expect(kit.answer(issue)).toContain('What a run may cost is used up: $0.60 of $0.50 spent.');
    expect(kit.answer(issue)).toContain('raise `budgets.per_run_usd` in `.github/nofx.yml`');
    expect(await kit.run()).toMatchObject({ failure: { kind: 'budget' }, maxCostUsd: 0.5 });
  });

  it("lets no repository have more than the server's limit", async () => {
    const kit = await nofx.repository({
      config: `${PASSING}budgets: { per_run_usd: 50 }\n`,
      model: () => ({ ...turn.tool('glob', { pattern: '*' }), usage: dear }),
    });
    const { issue } = await kit.ask();
    expect(kit.answer(issue)).toMatch(/What a run may cost is used up: \$\d\.\d\d of \$1\.00 spent\./);
    expect(kit.answer(issue)).toContain('Whoever runs this NOFX can raise NOFX_MAX_COST_USD');
  });

  it('ends runs when the day is used up, and starts none until the next', async () => {
    const kit = await nofx.repository({
      config: `${PASSING}budgets: { per_day_usd: 0.8 }\n`,
      model: ({ turn: step }) =>
        step === 0
          ? { ...turn.tool('write', { file_path: 'notes.md', content: 'Noted.\n' }), usage: dear }
          : { ...turn.text('Adds the notes.'), usage: { ...dear, input_tokens: 0, output_tokens: 10_000 } },
    });
    // $0.40 each: the first is done, the second stops in the middle, the third does not start.
    const issues: number[] = [];
    for (const title of ['One', 'Two', 'Three']) issues.push((await kit.ask('/nofx add the notes', { title })).issue);
    const [, second, third] = issues.map((issue) => kit.answer(issue));
    expect((await kit.runs()).map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(second).toContain('NOFX finished');
    expect(third).toContain('What this repository may cost in a day is used up: $0.80 of $0.80 spent');
    expect(third).toContain('Ask again after 00:00 UTC, or raise `budgets.per_day_usd` in `.github/nofx.yml`');
  });
});
