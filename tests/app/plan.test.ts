import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlanStep } from '../../src/domain/plan.ts';
import { turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { startHarness, type Harness } from '../support/harness.ts';

const CODEGEN: PlanStep = { name: 'codegen', tool: 'codegen', inputs: { prompt: 'add the notes' } };
const REST: PlanStep[] = [
  { name: 'write', tool: 'workspace:write', inputs: { fromStep: 'codegen' } },
  { name: 'test', tool: 'gate:test', inputs: { fromStep: 'write' } },
  { name: 'pull_request', tool: 'git_pr', inputs: { fromStep: 'write' } },
];

describe.concurrent(`plans and their policies, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness();
  });
  afterAll(() => nofx.stop());

  it.each<[string, PlanStep, string]>([
    [
      'a tool it does not allow',
      { ...CODEGEN, tools_allowed: ['gate:test', 'git_pr'] },
      'its policy does not allow the tool "codegen" (allowed: gate:test, git_pr)',
    ],
    [
      'a secret it withholds',
      { ...CODEGEN, secrets_scope: 'github' },
      'its secrets_scope "github" withholds model, which codegen needs',
    ],
    [
      'an environment variable it does not allow',
      { ...CODEGEN, env_allowed: ['CI'], inputs: { ...CODEGEN.inputs, env: ['CI', 'AWS_KEY'] } },
      'its policy does not allow the environment variables AWS_KEY',
    ],
  ])('does not run a step whose policy says no: %s', async (_what, step, reason) => {
    const kit = await nofx.repository();
    const before = nofx.model!.requests().length;
    const { issue } = await kit.start({ goal: 'Add the notes', steps: [step, ...REST] });
    expect(kit.answer(issue)).toContain(reason);
    const run = await kit.run();
    expect(run.failure).toMatchObject({ kind: 'policy' });
    expect(run.steps.map(({ status }) => status)).toEqual(['failed', 'skipped', 'skipped', 'skipped']);
    expect(kit.pullRequests()).toEqual([]);
    expect(
      nofx
        .model!.requests()
        .slice(before)
        .filter((request) => JSON.stringify(request).includes(`${kit.name}:`)),
    ).toEqual([]);
  });

  it('opens no run for a plan with mistakes, and lists all of them', async () => {
    const kit = await nofx.repository();
    const { errors, issue } = await kit.start({
      goal: 'x',
      steps: [
        { name: 'a', tool: 'codegen', inputs: { _dependsOn: ['b'] } },
        { name: 'b', tool: 'rm -rf', inputs: { _dependsOn: ['a'] } },
        { name: 'b', tool: 'git_pr' },
      ],
    });
    expect(errors).toHaveLength(4);
    expect(errors.join('\n')).toMatch(
      /two steps are named "b"\n.*unknown tool "rm -rf".*\nthese steps wait for each other.*\nstep "b": fromStep: is missing/,
    );
    expect(await kit.runs()).toEqual([]);
    expect(kit.answers(issue)).toEqual([]);
  });

  it('works on independent steps side by side, and joins them', async () => {
    const inTheRoom = Promise.withResolvers<void>();
    let present = 0;
    const kit = await nofx.repository({
      model: async ({ turn: step, prompt }) => {
        const name = /write (\w+)\.md/.exec(prompt)![1]!;
        if (step > 0) return turn.text(`Wrote ${name}.`);
        // Neither goes on before both have begun.
        if ((present += 1) === 2) inTheRoom.resolve();
        await inTheRoom.promise;
        return turn.tool('write', { file_path: `${name}.md`, content: `${name}\n` });
      },
    });
    const { issue } = await kit.start({
      goal: 'Two drafts, one of them handed in',
      steps: [
        { name: 'left', tool: 'codegen', inputs: { prompt: 'write left.md', _dependsOn: [] } },
        { name: 'right', tool: 'codegen', inputs: { prompt: 'write right.md', _dependsOn: [] } },
        { name: 'write', tool: 'workspace:write', inputs: { fromStep: 'right', _dependsOn: ['left', 'right'] } },
        { name: 'test', tool: 'gate:test', inputs: { fromStep: 'write' } },
        { name: 'pull_request', tool: 'git_pr', inputs: { fromStep: 'write' } },
      ],
    });
    const { head } = kit.pullRequest();
    expect(kit.git('diff', '--name-only', 'main', head.sha).trim()).toBe('right.md');
    expect(kit.pullRequest().body).toContain('`A` `right.md`');
    expect(kit.pullRequest().body).not.toContain('left');
    expect(kit.answer(issue).match(/^- \[x\] Write the code/gm)).toHaveLength(2);
    const run = await kit.run();
    expect(run.steps.map(({ status }) => status)).toEqual(Array(5).fill('succeeded'));
    expect(run.events.filter(({ type }) => type === 'run.succeeded')).toHaveLength(1);
  });

  it('makes one change of steps that go on from one another, and one commit of it however often it is written', async () => {
    const told: string[] = [];
    const kit = await nofx.repository({
      files: { 'old.md': 'This moves.\n', 'gone.md': 'Nobody needs this.\n' },
      model: ({ turn: step, prompt, calls }) => {
        const first = prompt.includes('move it');
        if (step > 0) return turn.text(first ? 'Moves it.' : `Moves and describes it: ${calls[0]!.result}`);
        told.push(prompt);
        return first
          ? turn.tools([
              ['move_file', { from: 'old.md', to: 'docs/new.md' }],
              ['delete_file', { file_path: 'gone.md' }],
            ])
          : turn.tools([
              ['read', { file_path: 'docs/new.md' }],
              ['write', { file_path: 'README.md', content: 'See docs/new.md.\n' }],
            ]);
      },
    });
    await kit.start({
      goal: 'Move it and say so',
      steps: [
        { name: 'first', tool: 'codegen', inputs: { prompt: 'move it' } },
        { name: 'write', tool: 'workspace:write', inputs: { fromStep: 'first' } },
        { name: 'early', tool: 'gate:test', inputs: { fromStep: 'write' } },
        { name: 'second', tool: 'codegen', inputs: { prompt: 'say where it is', fromStep: 'first' } },
        { name: 'again', tool: 'workspace:write', inputs: { fromStep: 'second' } },
        { name: 'test', tool: 'gate:test', inputs: { fromStep: 'again' } },
        { name: 'pull_request', tool: 'git_pr', inputs: { fromStep: 'again' } },
      ],
    });
    const { head, body } = kit.pullRequest();
    expect(kit.git('diff', '-M', '--name-status', 'main', head.sha).trim().split('\n')).toEqual([
      'A\tREADME.md',
      'R100\told.md\tdocs/new.md',
      'D\tgone.md',
    ]);
    expect(kit.git('rev-list', '--count', `main..${head.sha}`).trim()).toBe('1');
    expect(body).toContain('Moves and describes it: ');
    expect(body).toContain('This moves.');
    expect(body).toContain('3 files');
    expect(told.map((prompt) => prompt.includes('A part of the work is done'))).toEqual([false, true]);
    expect(told[1]).toMatch(
      /renamed docs\/new\.md \(was old\.md\)\n.*deleted gone\.md|deleted gone\.md\n.*renamed docs/,
    );
  });

  it('keeps a single-file step to its one file', async () => {
    const kit = await nofx.repository({
      model: ({ turn: step }) =>
        step === 0
          ? turn.tools([
              ['write', { file_path: 'other.md', content: 'No.\n' }],
              ['write', { file_path: 'notes.md', content: 'Noted.\n' }],
            ])
          : turn.text('Adds the notes.'),
    });
    await kit.start({
      goal: 'Add the notes',
      steps: [{ ...CODEGEN, inputs: { ...CODEGEN.inputs, filename: 'notes.md' } }, ...REST],
    });
    expect(kit.git('diff', '--name-only', 'main', kit.pullRequest().head.sha).trim()).toBe('notes.md');
  });
});
