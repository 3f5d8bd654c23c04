import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import type { ScriptRequest, Turn } from '../../src/playground/model-script.ts';
import { lane } from '../support/database.ts';
import { startHarness, type Harness, type Repository } from '../support/harness.ts';

/** Wrong at first; each attempt to mend it writes the next of these. */
const writes =
  (...attempts: string[]) =>
  ({ turn: step, prompt }: ScriptRequest): Turn => {
    const attempt = Number(/this is attempt (\d) of/.exec(prompt)?.[1] ?? 0);
    const content = attempts[attempt] ?? attempts.at(-1)!;
    return step === 0
      ? turn.tool('write', { file_path: 'answer.txt', content: `${content}\n` })
      : turn.text(`The answer is ${content}.`);
  };

const GATES = `gates:
  lint: 'grep -q "^[0-9]*$" answer.txt || { echo "answer.txt:1: error: not a number"; exit 2; }'
  test: 'grep -q 42 answer.txt || { echo "not the answer"; exit 1; }'
`;

describe.concurrent(`what a gate finds, and the model mends, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness();
  });
  afterAll(() => nofx.stop());

  const stepsOf = async (kit: Repository) => (await kit.run()).steps.map(({ name, status }) => `${name}: ${status}`);

  it('hands in what passes in the end, and shows every attempt', async () => {
    const told: string[] = [];
    const model = writes('forty-two', '41', '42');
    const kit = await nofx.repository({
      config: GATES,
      model: (request) => {
        if (request.turn === 0) told.push(request.prompt);
        return model(request);
      },
    });
    const { issue, comment } = await kit.ask();
    expect(await stepsOf(kit)).toEqual([
      'codegen: succeeded',
      'write: succeeded',
      'lint: failed',
      'repair-1: succeeded',
      'write-1: succeeded',
      'lint-1: succeeded',
      'test: failed',
      'repair-2: succeeded',
      'write-2: succeeded',
      'lint-2: succeeded',
      'test-2: succeeded',
      'pull_request: succeeded',
    ]);
    const { head, body, draft } = kit.pullRequest();
    expect(kit.git('show', `${head.sha}:answer.txt`)).toBe('42\n');
    expect(kit.git('rev-list', '--count', `main..${head.sha}`).trim()).toBe('1');
    expect(draft).toBe(false);
    expect(body).toContain('> The answer is 42.');
    expect(body).not.toContain('forty-two');
    expect(body!.match(/\*\*test\*\* passed/g)).toHaveLength(1);
    expect(body).not.toContain('❌');
    expect(kit.reactions({ comment })).toEqual(['eyes', 'rocket']);
    expect(
      kit
        .answer(issue)
        .replace(/ \([^()]*\ds[^()]*\)/g, '')
        .match(/^- \[.*/gm),
    ).toEqual([
      '- [x] Write the code: 1 file',
      '- [x] Commit the changes',
      '- [ ] ❌ Run the gate `lint`',
      '- [x] Mend what the gate `lint` found (1 of 2): 1 file',
      '- [x] Commit the changes again',
      '- [x] Run the gate `lint` again',
      '- [ ] ❌ Run the tests',
      '- [x] Mend what the tests found (2 of 2): 1 file',
      '- [x] Commit the changes again',
      '- [x] Run the gate `lint` again',
      '- [x] Run the tests again',
      '- [x] Open the pull request',
    ]);
    expect(told[1]).toContain('gate lint failed on it with exit code 2');
    expect(told[1]).toContain('answer.txt:1: not a number');
    expect(told[2]).toContain('gate test failed on it with exit code 1');
    expect(told[2]).toContain('not the answer');
    expect(kit.checks(head.sha)).toEqual([
      'NOFX: completed/success',
      'NOFX / gate: lint: completed/success',
      'NOFX / gate: test: completed/success',
    ]);
    const { events } = await kit.run();
    expect(events.filter(({ type }) => type === 'step.added')).toHaveLength(7);
  });

  it('fails with both attempts to be seen where neither passes', async () => {
    const kit = await nofx.repository({ config: GATES, model: writes('1', '2', '3') });
    const { issue } = await kit.ask();
    expect(kit.pullRequests()).toEqual([]);
    expect(await stepsOf(kit)).toEqual([
      'codegen: succeeded',
      'write: succeeded',
      'lint: succeeded',
      'test: failed',
      'repair-1: succeeded',
      'write-1: succeeded',
      'lint-1: succeeded',
      'test-1: failed',
      'repair-2: succeeded',
      'write-2: succeeded',
      'lint-2: succeeded',
      'test-2: failed',
      'pull_request: skipped',
    ]);
    const answer = kit.answer(issue);
    expect(answer).toContain('No pull request was opened. NOFX tried 2 times to mend it.');
    expect(answer).toContain('Mend what the tests found (1 of 2)');
    expect(answer).toContain('Mend what the tests found (2 of 2)');
    expect((await kit.run()).failure).toMatchObject({ kind: 'gate' });
    const gates = kit.checkRuns().filter(({ name }) => name === 'NOFX / gate: test');
    expect(gates.map(({ conclusion }) => conclusion)).toEqual(['failure', 'failure', 'failure']);
  });

  it('ends with what the gate found where the model finds nothing to mend', async () => {
    const kit = await nofx.repository({ config: GATES, model: writes('1', '1') });
    const { issue } = await kit.ask();
    expect(await stepsOf(kit)).toEqual([
      'codegen: succeeded',
      'write: succeeded',
      'lint: succeeded',
      'test: failed',
      'repair-1: failed',
      'write-1: skipped',
      'lint-1: skipped',
      'test-1: skipped',
      'pull_request: skipped',
    ]);
    expect(kit.answer(issue)).toContain('NOFX tried once to mend it, and found nothing more to change.');
    expect(kit.answer(issue)).toContain('not the answer');
  });

  it('mends nothing where the repository wants none of it', async () => {
    const kit = await nofx.repository({ config: `max_repairs: 0\n${GATES}`, model: writes('1', '42') });
    const { issue } = await kit.ask();
    expect((await stepsOf(kit)).slice(3)).toEqual(['test: failed', 'pull_request: skipped']);
    expect(kit.answer(issue)).not.toContain('mend it');
  });

  it('mends what a set-up or the time is to blame for as little', async () => {
    const kit = await nofx.repository({ config: `setup: "false"\n${GATES}`, model: writes('1', '42') });
    await kit.ask();
    expect(await stepsOf(kit)).toHaveLength(5);
  });

  it.each([
    ['after the last attempt', ['1', '2', '3'], '3', 2],
    ['as it was where there is nothing to mend', ['1', '1'], '1', 1],
  ])('hands in a draft where that is wanted, %s', async (_when, attempts, content, repairs) => {
    const kit = await nofx.repository({ config: `on_gate_failure: draft\n${GATES}`, model: writes(...attempts) });
    const { issue } = await kit.ask();
    const { head, draft, body } = kit.pullRequest();
    expect(draft).toBe(true);
    expect(kit.git('show', `${head.sha}:answer.txt`)).toBe(`${content}\n`);
    expect(body).toContain('The pull request is a draft: **test** did not pass.');
    expect(body).toContain(`The answer is ${content}.`);
    expect((await stepsOf(kit)).filter((step) => step.startsWith('repair'))).toHaveLength(repairs);
    expect(kit.answer(issue).match(/\*\*test\*\* failed/g)).toHaveLength(1);
  });

  it('ends where the budget does', async () => {
    const model = writes('1', '42');
    const kit = await nofx.repository({
      config: `budgets:\n  per_run_usd: 0.5\n${GATES}`,
      model: (request) => {
        const reply = model(request);
        return request.prompt.includes('this is attempt') && 'kind' in reply && reply.kind === 'reply'
          ? { ...reply, usage: { input_tokens: 1_000_000 } }
          : reply;
      },
    });
    const { issue } = await kit.ask();
    expect((await kit.run()).failure).toMatchObject({ kind: 'budget' });
    expect(kit.answer(issue)).toContain(
      'No pull request was opened. NOFX tried once to mend it. The last attempt ended early: ',
    );
  });
});
