import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../support/repository.ts';
import { openSandboxHere } from './sandbox.ts';
import { added, meta, serveWorkspaces } from './support.ts';

const { folder, workspaces, setUp } = await serveWorkspaces();
const { confined, why, run, makeCwd } = await openSandboxHere();

const wanted = (base: string) => ({ key: 'run_1', base, branch: 'nofx/run_1' });
/** A lock file in the mirror of a project, as a git that was killed leaves it. */
function leaveLock(project: string, name: string): void {
  const path = join(folder.path, 'root', 'mirrors', `${project}.git`, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
}

describe('a run goes on', () => {
  it('where a git was killed while it made the checkout', async () => {
    const { access, first } = setUp({ 'a.txt': 'a\n' });
    await workspaces.resolve(access, 'main');
    leaveLock(access.project.id, 'refs/heads/nofx/run_1.lock');
    const workspace = await workspaces.openWorkspace(access, wanted(first));
    expect(await workspace.head()).toBe(first);
  });

  it('where a branch has become a folder of branches', async () => {
    const { access, first, bare } = setUp({ 'a.txt': 'a\n' });
    git(bare, 'branch', 'release', first);
    expect(await workspaces.resolve(access, 'release')).toBe(first);
    git(bare, 'branch', '-m', 'release', 'release/1');
    expect(await workspaces.resolve(access, 'release/1')).toBe(first);
    git(bare, 'branch', '-m', 'release/1', 'release');
    expect(await workspaces.resolve(access, 'release')).toBe(first);
  });
});

describe.skipIf(!confined)(`a command that makes folders too deep to be named${why}`, () => {
  const deep = 'd=$(printf %0200d 0); i=0; while [ $i -lt 40 ]; do mkdir $d && cd $d; i=$((i+1)); done';

  it('ends as any other, and its HOME and /tmp are removed', async () => {
    const result = await run(`(cd /tmp; ${deep}); (cd; ${deep}); echo done`, { cwd: makeCwd() });
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0 });
    expect(result.output).toMatch(/done\n$/);
  });

  it('keeps no later step from the workspace, nor the workspace from being removed', async () => {
    const { access, first } = setUp({ 'a.txt': 'a\n' });
    const { path: cwd } = await workspaces.openWorkspace(access, wanted(first));
    await run(deep, { cwd });
    const again = await workspaces.openWorkspace(access, wanted(first));
    await again.commit([added('b.txt', 'b\n')], meta);
    expect(git(cwd, 'status', '--porcelain')).toBe('');
    await run(deep, { cwd });
    await workspaces.removeWorkspace(access, 'run_1');
    expect(existsSync(cwd)).toBe(false);
  });

  it('costs a model none of its other work', async () => {
    const { access, first } = setUp({ 'a.txt': 'a\n' });
    const scratch = await workspaces.openScratch(access, { key: 's', base: first });
    await run(`(${deep}); echo b > b.txt`, { cwd: scratch.path });
    expect((await scratch.readChanges()).map(({ path }) => path)).toEqual(['b.txt']);
    await scratch.dispose();
    expect(existsSync(scratch.path)).toBe(false);
  });
});

describe('a pipe in place of a file that git reads', () => {
  const names = ['.gitmodules', '.gitignore', '.gitattributes'];
  const pipes = (cwd: string) => {
    for (const name of names) {
      rmSync(join(cwd, name), { force: true });
      execFileSync('mkfifo', [join(cwd, name)]);
    }
  };

  it('holds up nobody who wants to know what was changed', { timeout: 10_000 }, async () => {
    const { access, first } = setUp({ 'a.txt': 'a\n', '.gitignore': 'x\n' });
    const scratch = await workspaces.openScratch(access, { key: 's', base: first });
    pipes(scratch.path);
    writeFileSync(join(scratch.path, 'b.txt'), 'b\n');
    expect((await scratch.readChanges()).map(({ path }) => path)).toEqual(['.gitignore', 'b.txt']);
    await scratch.dispose();
  });

  it('is gone at the next step', { timeout: 10_000 }, async () => {
    const { access, first } = setUp({ 'a.txt': 'a\n', '.gitignore': 'x\n' });
    const { path } = await workspaces.openWorkspace(access, wanted(first));
    pipes(path);
    await workspaces.openWorkspace(access, wanted(first));
    expect(git(path, 'status', '--porcelain')).toBe('');
    expect(readFileSync(join(path, '.gitignore'), 'utf8')).toBe('x\n');
  });
});
