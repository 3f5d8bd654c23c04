import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { does, PASSING, startHarness, type Harness } from '../support/harness.ts';

describe.concurrent(`what a change may not do, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness();
  });
  afterAll(() => nofx.stop());

  /** Around the tools, which refuse the model such a path at once: what counts is what is in the checkout. */
  const around = (path: string) =>
    does([['bash', { command: `mkdir -p "$(dirname '${path}')" && echo x > '${path}'` }]]);

  it('blocks a change to a protected path, names it, and shows the configuration that would allow it', async () => {
    const kit = await nofx.repository({
      config: `${PASSING}protected_paths: ["/infra/", "*.sql"]\n`,
      model: around('db/old/schema.sql'),
    });
    const { issue } = await kit.ask();
    expect(kit.pullRequests()).toEqual([]);
    const answer = kit.answer(issue);
    expect(answer).toContain('The change touches what NOFX may not write: `db/old/schema.sql` (is protected).');
    expect(answer).toContain('```yaml\nprotected_paths:\n  - "/infra/"\n```');
    expect((await kit.run()).failure).toMatchObject({ kind: 'policy' });
  });

  it('lets through what the list of the repository leaves out, but never what decides about the commands', async () => {
    const config = `${PASSING}protected_paths: []\n`;
    const free = await nofx.repository({ config, model: around('CODEOWNERS') });
    await free.ask();
    expect(free.git('show', `${free.pullRequest().head.sha}:CODEOWNERS`)).toBe('x\n');

    const bold = await nofx.repository({ config, model: around('.github/nofx.yml') });
    const { issue } = await bold.ask();
    expect(bold.pullRequests()).toEqual([]);
    expect(bold.answer(issue)).toContain('`.github/nofx.yml` (is protected)');
    expect(bold.answer(issue)).not.toContain('To allow it');
  });

  it('tells the model at once which paths are protected', async () => {
    const said: string[] = [];
    const kit = await nofx.repository({
      config: `${PASSING}protected_paths: ["*.sql"]\n`,
      model: ({ turn: step, body }) => {
        said.push(JSON.stringify(body.messages));
        if (step > 0) return turn.text('Adds the notes.');
        return turn.tools([
          ['write', { file_path: 'a.sql', content: 'x' }],
          ['write', { file_path: 'notes.md', content: 'Noted.\n' }],
        ]);
      },
    });
    await kit.ask();
    expect(said[0]).toContain('*.sql');
    expect(said[1]).toMatch(/a\.sql.{0,5} is protected: leave it as it is/);
    expect(kit.git('diff', '--name-only', 'main', kit.pullRequest().head.sha).trim()).toBe('notes.md');
  });

  it('blocks a change with more files or lines than the repository takes at once', async () => {
    const kit = await nofx.repository({
      config: `${PASSING}max_diff: { files: 2, lines: 10 }\n`,
      model: does([['bash', { command: 'for n in 1 2 3; do seq 4 > "file-$n"; done' }]]),
    });
    const { issue } = await kit.ask();
    expect(kit.pullRequests()).toEqual([]);
    const answer = kit.answer(issue);
    expect(answer).toContain(
      'larger than this repository takes at once: 3 files (at most 2) and 12 lines (at most 10)',
    );
    expect(answer).toContain('```yaml\nmax_diff:\n  files: 3\n  lines: 12\n```');
  });
});
