import { existsSync, readFileSync, readdirSync, writeFileSync, rmSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import { anywhere, git, writeFiles } from '../support/repository.ts';
import { added, meta, serveWorkspaces } from './support.ts';

const { folder, server, workspaces, setUp } = await serveWorkspaces();

describe('resolve', () => {
  it('gives the SHA of a branch, follows it when it moves, and takes a SHA', async () => {
    const { access, first, commit } = setUp({ 'a.txt': 'a\n' });
    expect(await workspaces.resolve(access, 'main')).toBe(first);
    const second = commit({ 'a.txt': 'b\n' });
    expect(await workspaces.resolve(access, 'main')).toBe(second);
    expect(await workspaces.resolve(access, first)).toBe(first);
  });

  it('needs no network for a commit it has', async () => {
    const { access, first } = setUp({ 'a.txt': 'a\n' });
    await workspaces.resolve(access, 'main');
    const before = server.requests.length;
    expect(await workspaces.resolve(access, first)).toBe(first);
    expect(server.requests.length).toBe(before);
  });

  it('serves two runs of one repository at once', async () => {
    const { access, first } = setUp({ 'a.txt': 'a\n' });
    const shas = await Promise.all(Array.from({ length: 6 }, () => workspaces.resolve(access, 'main')));
    expect(new Set(shas)).toEqual(new Set([first]));
  });

  it.each([
    ['an empty repository', {}, 'main', /is empty/],
    ['a missing branch', { 'a.txt': 'a\n' }, 'nope', /`nope` does not exist/],
    ['a missing commit', { 'a.txt': 'a\n' }, '1'.repeat(40), /does not exist/],
    ['an option for a branch', { 'a.txt': 'a\n' }, '--upload-pack=touch /tmp/x', /does not exist/],
  ])('refuses %s', async (_name, files, ref, message) => {
    const { access } = setUp(files);
    const error = await workspaces.resolve(access, ref).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(message);
  });

  it.each([
    'ext::sh -c id',
    'file:///etc',
    'ssh://git@host/x',
    '--upload-pack=x',
    'http://user:pw@127.0.0.1/x',
    'https://x/y?z',
  ])('refuses the address %s', async (repoUrl) => {
    const { access } = setUp({ 'a.txt': 'a\n' }, { repoUrl });
    await expect(workspaces.resolve(access, 'main')).rejects.toThrow(UserError);
  });
});

describe('openWorkspace', () => {
  for (const workspaceMode of ['worktree', 'clone'] as const) {
    describe(workspaceMode, () => {
      it('checks out the base, and finds it again', async () => {
        const { access, first } = setUp(
          { 'a.txt': 'a\n', 'src/run.sh': { content: '#!/bin/sh\n', executable: true } },
          { workspaceMode },
        );
        const options = { key: 'run_1', base: first, branch: 'nofx/run_1' };
        const one = await workspaces.openWorkspace(access, options);
        expect(readFileSync(join(one.path, 'a.txt'), 'utf8')).toBe('a\n');
        expect(await one.head()).toBe(first);
        const two = await workspaces.openWorkspace(access, options);
        expect(two.path).toBe(one.path);
        expect(git(two.path, 'status', '--porcelain')).toBe('');
        expect(git(two.path, 'branch', '--show-current').trim()).toBe('nofx/run_1');
      });

      it('commits the same work under the same SHA, here and on another machine', async () => {
        const { access, first } = setUp({ 'a.txt': 'a\n' }, { workspaceMode });
        const options = { key: 'run_1', base: first, branch: 'nofx/run_1' };
        const workspace = await workspaces.openWorkspace(access, options);
        const changes = [added('docs/b.txt', 'b'), { status: 'deleted', path: 'a.txt' } as const];
        const { sha } = await workspace.commit(changes, meta);
        expect(readdirSync(workspace.path).sort()).toEqual(['.git', 'docs']);
        expect(await workspace.commit(changes, meta)).toEqual({ sha });
        expect(await workspace.diff()).toContain('+b');
        writeFiles(workspace.path, { 'made-by-a-test.txt': 'x' });
        expect(await workspace.files()).toEqual(
          readdirSync(join(workspace.path, 'docs')).map((name) => `docs/${name}`),
        );
        const elsewhere = createWorkspaces({
          findRoute: anywhere,
          root: join(folder.path, `other-${access.project.id}`),
          path: process.env['PATH'] ?? '',
          allowHttp: true,
        });
        const copy = await elsewhere.openWorkspace(access, options);
        expect(await copy.commit(changes, meta)).toEqual({ sha });
        expect(git(copy.path, 'log', '-1', '--format=%an <%ae> %cn %at %ct %B').trim()).toBe(
          'nofx[bot] <nofx@example.com> nofx[bot] 1767323045 1767323045 Add it\n\nNOFX-Run: run_1',
        );
      });

      it('puts back what a command changed, and lets nothing of it into the commit', async () => {
        const { access, first } = setUp(
          { 'a.txt': 'a\n', 'lib/x': 'x\n', 'src/b.txt': 'b\n', '.gitignore': 'node_modules\n' },
          { workspaceMode },
        );
        const options = { key: 'run_1', base: first, branch: 'nofx/run_1' };
        const workspace = await workspaces.openWorkspace(access, options);
        const marker = join(folder.path, `ran-${access.project.id}`);
        const outside = join(folder.path, `outside-${access.project.id}`);
        mkdirSync(outside);
        rmSync(join(workspace.path, 'src'), { recursive: true });
        symlinkSync(outside, join(workspace.path, 'src'));
        writeFiles(workspace.path, {
          'a.txt': 'evil',
          'new.txt': 'x',
          'node_modules/m.js': 'x',
          'lib/.git/HEAD': 'ref: refs/heads/x\n',
          'sub/.git/config': `[core]\n\tfsmonitor = touch ${marker}\n`,
        });
        rmSync(join(workspace.path, '.git'));
        git(workspace.path, 'init', '--quiet', '.');
        writeFileSync(
          join(workspace.path, '.git', 'config'),
          `[core]\n\tbare = false\n\tfsmonitor = touch ${marker}\n[filter "x"]\n\tsmudge = touch ${marker}\n\tclean = touch ${marker}\n`,
        );
        writeFileSync(join(workspace.path, '.gitattributes'), '* filter=x diff=x\n');
        const { sha } = await workspace.commit([added('c.txt', 'c')], meta);
        expect(
          git(workspace.gitPaths[1] ?? '', 'ls-tree', '-r', '--name-only', sha)
            .trim()
            .split('\n'),
        ).toEqual(['.gitignore', 'a.txt', 'c.txt', 'lib/x', 'src/b.txt']);
        expect(readFileSync(join(workspace.path, 'a.txt'), 'utf8')).toBe('a\n');
        expect(readdirSync(workspace.path).sort()).toEqual(['.git', '.gitignore', 'a.txt', 'c.txt', 'lib', 'src']);
        expect(readdirSync(join(workspace.path, 'lib'))).toEqual(['x']);
        expect(readdirSync(outside)).toEqual([]);
        expect(existsSync(marker)).toBe(false);
      });

      it('keeps installed dependencies between two steps at one commit, and drops them for another', async () => {
        const { access, first } = setUp({ '.gitignore': 'node_modules\n' }, { workspaceMode });
        const options = { key: 'run_1', base: first, branch: 'nofx/run_1' };
        const workspace = await workspaces.openWorkspace(access, options);
        await workspace.commit([added('a', 'a')], meta);
        writeFiles(workspace.path, { 'node_modules/m.js': 'x' });
        const again = await workspaces.openWorkspace(access, options);
        await again.commit([added('a', 'a')], meta);
        expect(existsSync(join(again.path, 'node_modules/m.js'))).toBe(true);
        await again.commit([added('a', 'b')], meta);
        expect(existsSync(join(again.path, 'node_modules'))).toBe(false);
      });

      it('is rebuilt when it is half made or gone', async () => {
        const { access, first } = setUp({ 'a.txt': 'a\n' }, { workspaceMode });
        const options = { key: 'run_1', base: first, branch: 'nofx/run_1' };
        const { path } = await workspaces.openWorkspace(access, options);
        rmSync(`${path}.state.json`);
        rmSync(join(path, 'a.txt'));
        await workspaces.openWorkspace(access, options);
        expect(existsSync(join(path, 'a.txt'))).toBe(true);
        rmSync(path, { recursive: true });
        await workspaces.openWorkspace(access, options);
        expect(existsSync(join(path, 'a.txt'))).toBe(true);
        await workspaces.removeWorkspace(access, 'run_1');
        expect(existsSync(path)).toBe(false);
        await workspaces.removeWorkspace(access, 'run_1');
      });
    });
  }

  it('shows of a very large diff the beginning', async () => {
    const files = Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [name, 'line of something generated\n'.repeat(400_000)]),
    );
    const { access, first } = setUp(files);
    const workspace = await workspaces.openWorkspace(access, { key: 'run_1', base: first, branch: 'nofx/run_1' });
    await workspace.commit(
      Object.keys(files).map((path) => ({ status: 'deleted', path })),
      meta,
    );
    const diff = await workspace.diff();
    expect(diff.length).toBeLessThan(11 * 1024 ** 2);
    expect(diff).toMatch(/^diff --git a\/a b\/a\n/);
    expect(diff.slice(-200)).toMatch(/\n-line of something generated\n\[The rest is left out: .* 10 MB\.\]\n$/);
    await workspaces.removeWorkspace(access, 'run_1');
  });

  it('goes on after a git that was killed left its locks', async () => {
    const { access, first, commit } = setUp({ 'a.txt': 'a\n' });
    const workspace = await workspaces.openWorkspace(access, { key: 'run_1', base: first, branch: 'nofx/run_1' });
    await workspaces.resolve(access, 'main');
    const mirror = workspace.gitPaths[1] ?? '';
    const [worktree = ''] = readdirSync(join(mirror, 'worktrees'));
    mkdirSync(join(mirror, 'refs/nofx/work/nofx'), { recursive: true });
    const locks = ['shallow', 'refs/nofx/heads/main', 'refs/nofx/work/nofx/run_1', 'refs/heads/nofx/run_1'];
    for (const name of [...locks, `worktrees/${worktree}/index`, `worktrees/${worktree}/HEAD`])
      writeFileSync(join(mirror, `${name}.lock`), '');
    const second = commit({ 'a.txt': 'b\n' });
    expect(await workspaces.resolve(access, 'main')).toBe(second);
    const { sha } = await workspace.commit([added('b', 'b')], meta);
    expect(await workspace.head()).toBe(sha);
  });

  it('never leaves the workspace root, whatever the key', async () => {
    const { access, first } = setUp({ 'a.txt': 'a\n' });
    const workspace = await workspaces.openWorkspace(access, { key: '../../../x/run', base: first, branch: 'nofx/x' });
    expect(workspace.path.startsWith(join(folder.path, 'root', 'workspaces'))).toBe(true);
  });
});
