import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { lane } from '../support/database.ts';
import { does, startHarness, type Harness, type Repository } from '../support/harness.ts';
import { git, writeFiles, type TestFile } from '../support/repository.ts';

const BASE: Record<string, string> = {
  'README.md': '# Shop\n',
  'windows.txt': 'one\r\ntwo\r\nthree\r\n',
  'no-newline.txt': 'first\nlast',
  'run.sh': '#!/bin/sh\necho hello\n',
  'old/name.txt': 'This stays as it is, line by line,\nonly under another name.\n',
  'gone.txt': 'Nobody needs this.\n',
  'docs/guide.md': 'A guide.\n',
};

/** The tree git makes of the base with these files put in, as anyone would have done it by hand. */
function treeByHand(repository: Repository, files: Record<string, TestFile>, removed: string[] = []): string {
  const work = mkdtempSync(join(tmpdir(), 'nofx-by-hand-'));
  try {
    git(work, 'clone', '--quiet', repository.gitDir, '.');
    for (const path of removed) rmSync(join(work, path));
    writeFiles(work, files);
    git(work, 'add', '--all');
    return git(work, 'write-tree').trim();
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

describe.concurrent(`changes on their way from the model to the branch, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness();
  });
  afterAll(() => nofx.stop());

  async function treeOfPullRequest(repository: Repository): Promise<string> {
    await repository.ask();
    return repository.git('rev-parse', `${repository.pullRequest().head.sha}^{tree}`).trim();
  }

  it('brings every kind of change through byte for byte', async () => {
    const large = `${'0123456789abcdef'.repeat(65_536)}\n`;
    const kit = await nofx.repository({
      files: BASE,
      model: ({ turn: step }) =>
        [
          turn.tools([
            ['write', { file_path: 'src/deep/er/new.js', content: 'export const answer = 42;\n' }],
            ['edit', { file_path: 'windows.txt', old_string: 'two', new_string: 'zwei' }],
            ['edit', { file_path: 'no-newline.txt', old_string: 'last', new_string: 'the last' }],
            ['delete_file', { file_path: 'gone.txt' }],
            ['move_file', { from: 'old/name.txt', to: 'new/place/name.txt' }],
            ['write', { file_path: 'empty.txt', content: '' }],
            ['write', { file_path: 'größe & 名前 🎉.md', content: 'Ünïcödé\n' }],
            ['write', { file_path: 'large.txt', content: large }],
          ]),
          turn.tools([
            [
              'bash',
              {
                command:
                  'chmod +x run.sh && printf "\\000\\001\\377binary" > pixel.bin && ln -s ../README.md docs/readme-link',
              },
            ],
          ]),
        ][step] ?? turn.text('All kinds of changes.'),
    });
    const tree = await treeOfPullRequest(kit);
    expect(tree).toBe(
      treeByHand(
        kit,
        {
          'src/deep/er/new.js': 'export const answer = 42;\n',
          'windows.txt': 'one\r\nzwei\r\nthree\r\n',
          'no-newline.txt': 'first\nthe last',
          'new/place/name.txt': BASE['old/name.txt']!,
          'empty.txt': '',
          'größe & 名前 🎉.md': 'Ünïcödé\n',
          'large.txt': large,
          'run.sh': { content: BASE['run.sh']!, executable: true },
          'pixel.bin': Buffer.from([0, 1, 255, ...Buffer.from('binary')]),
          'docs/readme-link': { link: '../README.md' },
        },
        ['gone.txt', 'old/name.txt'],
      ),
    );

    const { artifacts, steps } = await kit.run();
    const codegen = steps.find(({ tool }) => tool === 'codegen')!;
    const of = (name: string) => artifacts.find((artifact) => artifact.stepId === codegen.id && artifact.name === name);
    expect(of('files/large.txt')).toMatchObject({
      size: 1_048_577,
      sha256: sha256(large),
      contentType: 'text/plain; charset=utf-8',
    });
    expect(of('files/pixel.bin')).toMatchObject({ size: 9, contentType: 'application/octet-stream' });
    expect(of('files/empty.txt')).toMatchObject({ size: 0, sha256: sha256('') });
    expect(of('files/docs/readme-link')).toMatchObject({ sha256: sha256('../README.md') });
    expect(of('files/gone.txt')).toBeUndefined();
    expect(of('change-set.json')).toMatchObject({ contentType: 'application/json' });
    for (const { path, driver, name, stepId } of artifacts) {
      expect({ path, driver }).toEqual({ path: `runs/${codegen.runId}/steps/${stepId}/${name}`, driver: 'local' });
    }
    const root = join(nofx.dataDir, 'artifacts', 'runs', codegen.runId);
    const stored = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const onDisk = stored.map((entry) => sha256(readFileSync(join(entry.parentPath, entry.name)))).sort();
    expect(onDisk).toEqual(artifacts.map((artifact) => artifact.sha256).sort());
    expect(kit.pullRequest().body).toContain('`R` `new/place/name.txt` (was `old/name.txt`)');
  });

  it('renames and edits in one go, and replaces a file by a folder', async () => {
    const kit = await nofx.repository({
      files: { ...BASE, config: 'a=1\n' },
      model: does([
        ['move_file', { from: 'old/name.txt', to: 'renamed.txt' }],
        ['edit', { file_path: 'renamed.txt', old_string: 'only', new_string: 'now' }],
        ['delete_file', { file_path: 'config' }],
        ['write', { file_path: 'config/app.ini', content: 'a=1\n' }],
      ]),
    });
    const tree = await treeOfPullRequest(kit);
    expect(tree).toBe(
      treeByHand(kit, { 'renamed.txt': BASE['old/name.txt']!.replace('only', 'now'), 'config/app.ini': 'a=1\n' }, [
        'old/name.txt',
        'config',
      ]),
    );
  });

  it.each([
    ['the workflow folder', '.github/workflows/ci.yml', 'is protected'],
    ['its own configuration', '.github/nofx.yml', 'is protected'],
    ['the code owners', 'CODEOWNERS', 'is protected'],
  ])('refuses a change of %s and pushes nothing', async (_what, path, reason) => {
    const kit = await nofx.repository({
      files: BASE,
      // The file tools refuse at once, so the model goes around them.
      model: ({ turn: step }) =>
        [
          turn.tool('write', { file_path: path, content: 'x\n' }),
          turn.tool('bash', { command: `mkdir -p .github/workflows && echo x > ${path} && echo y > fine.txt` }),
        ][step] ?? turn.text('Done.'),
    });
    const { issue, comment } = await kit.ask();
    const answer = kit.answer(issue);
    expect(answer).toContain(`${path}`);
    expect(answer).toContain(reason);
    expect(answer).toContain('Nothing was pushed');
    expect(kit.pullRequests()).toEqual([]);
    expect(kit.reactions({ comment })).toEqual(['eyes', 'confused']);
    const run = await kit.run();
    expect(run.failure).toMatchObject({ kind: 'policy' });
    expect(run.steps.map(({ status }) => status)).toEqual(['failed', 'skipped', 'skipped', 'skipped']);
    const [refused] = nofx
      .model!.requests()
      .filter((request) => JSON.stringify(request).includes(`${kit.name}:`))
      .slice(1);
    expect(JSON.stringify(refused)).toContain(reason);
  });

  it('refuses a symbolic link that leads out of the repository', async () => {
    const kit = await nofx.repository({ files: BASE, model: does([['bash', { command: 'ln -s /etc/passwd leak' }]]) });
    const { issue } = await kit.ask();
    expect(kit.answer(issue)).toContain('leak');
    expect(kit.pullRequests()).toEqual([]);
    expect((await kit.run()).status).toBe('failed');
  });

  it('fails the run, and pushes nothing, when an artifact has changed since it was stored', async () => {
    const kit = await nofx.repository({
      files: BASE,
      // Between codegen and the commit somebody with a hand on the disk swaps the work for their own.
      config: 'gates:\n  test: "true"\n',
      model: async ({ turn: step }) => {
        if (step === 0) return turn.tool('write', { file_path: 'notes.md', content: 'Noted.\n' });
        void tamper();
        return turn.text('Adds the notes.');
      },
    });
    async function tamper() {
      for (;;) {
        const [run] = await kit.runs();
        const folder = join(nofx.dataDir, 'artifacts', 'runs', run!.id);
        try {
          const found = readdirSync(folder, { recursive: true, withFileTypes: true }).find(
            ({ name }) => name === 'notes.md',
          );
          if (found) return writeFileSync(join(found.parentPath, found.name), 'Pwned.\n');
        } catch {
          // The step has not stored anything yet.
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const { issue } = await kit.ask();
    expect(kit.pullRequests()).toEqual([]);
    expect(kit.answer(issue)).toContain('has changed since it was stored');
    const branch = (await kit.ownBranches())[0]!;
    expect(kit.git('diff', 'main', branch)).toBe('');
    expect((await kit.run()).failure).toMatchObject({ kind: 'internal' });
  });
});
