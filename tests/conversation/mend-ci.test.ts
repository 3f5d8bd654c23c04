import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { lane } from '../support/database.ts';
import { PASSING, startHarness, type Harness, type Repository } from '../support/harness.ts';

const ON = `on_ci_failure: repair\n${PASSING}`;

/** Writes a number, and a higher one each time it is asked to mend it. */
const counts = ({ turn: step, calls }: ScriptRequest) => {
  if (step === 0) return turn.tool('bash', { command: 'expr $(cat count.txt 2>/dev/null || echo 0) + 1' });
  return step === 1
    ? turn.tool('write', { file_path: 'count.txt', content: `${/\d+/.exec(calls[0]!.result)![0]}\n` })
    : turn.text('Counts.');
};

describe.concurrent(`what the repository's own checks find, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  const fail = async (kit: Repository, more: { sha?: string; conclusion?: 'success'; app?: string } = {}) => {
    await nofx.github.runCheck({
      repo: kit.name,
      sha: kit.pullRequest().head.sha,
      name: 'build',
      conclusion: 'failure',
      summary: 'The bundle is too small.',
      annotations: [
        { path: 'count.txt', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'expected more than 1' },
      ],
      ...more,
    });
    await kit.drain();
  };
  const countOn = (kit: Repository) => kit.git('show', `${kit.pullRequest().head.sha}:count.txt`).trim();

  it('is mended on the pull request, as often as the repository lets it be', async () => {
    const told: string[] = [];
    const kit = await nofx.repository({
      config: ON,
      model: (request) => {
        if (request.turn === 0) told.push(request.prompt);
        return counts(request);
      },
    });
    await kit.ask();
    const { number } = kit.pullRequest();
    const first = kit.pullRequest().head.sha;
    await fail(kit);
    expect(countOn(kit)).toBe('2');
    expect(kit.git('log', '-1', '--format=%s', kit.pullRequest().head.sha).trim()).toBe(
      'Mend what the checks found: build',
    );
    expect(kit.answer(number)).toContain("NOFX finished @mona's task");
    expect(told[1]).toContain('The check build said this of the pull request:');
    expect(told[1]).toContain('The bundle is too small.');
    expect(told[1]).toContain('said beside the file count.txt, line 1 of the pull request:');
    expect(told[1]).toContain('expected more than 1');

    // What it was, and not what it is; and twice for the same head.
    await fail(kit, { sha: first });
    await fail(kit);
    expect(countOn(kit)).toBe('3');
    await fail(kit);
    expect(countOn(kit)).toBe('3');
    expect(await kit.runs()).toHaveLength(3);
  });

  it('starts nothing where it is not wanted, not needed, not possible or not allowed', async () => {
    const kit = await nofx.repository({ config: PASSING, model: counts });
    await kit.ask();
    const rows = [
      ['the repository does not want it', PASSING, {}],
      ['it has passed', ON, { conclusion: 'success' as const }],
      ['the check is our own', ON, { app: 'nofx' }],
      ['it may mend nothing', `max_repairs: 0\n${ON}`, {}],
      ['whoever asked may not any more', ON, {}, 'read'],
    ] as const;
    for (const [where, config, more, role = 'write'] of rows) {
      await kit.push({ '.github/nofx.yml': config });
      nofx.github.setCollaborator(kit.name, 'mona', role);
      await fail(kit, more);
      expect(await kit.runs(), where).toHaveLength(1);
      expect(kit.answers(kit.pullRequest().number), where).toEqual([]);
    }
    // Each of these was all that stood in the way.
    nofx.github.setCollaborator(kit.name, 'mona', 'write');
    await fail(kit);
    expect(await kit.runs()).toHaveLength(2);
  });
});
