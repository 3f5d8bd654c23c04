import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import type { RepositoryAccess } from '../../src/workspace/port.ts';
import { anywhere, git, makeRepository, project, tempFolder, type TestFile } from '../support/repository.ts';

const folder = tempFolder();
afterAll(() => folder.remove());
const REMOVER = fileURLToPath(new URL('../support/remove-checkout.ts', import.meta.url));
const GIT = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();

let count = 0;
/** A workspace root whose git is the real one behind `script`, which may do something before and after it. */
function setUp(script: string, gitAtOnce?: number, files: Record<string, TestFile> = { 'a.txt': 'a\n' }) {
  const here = join(folder.path, String((count += 1)));
  const bin = join(here, 'bin');
  mkdirSync(bin, { recursive: true });
  const guard = join(here, 'on');
  writeFileSync(join(bin, 'git'), `#!/bin/sh\n[ -e ${guard} ] || exec ${GIT} "$@"\n${script}\n`, { mode: 0o755 });
  const { work, first } = makeRepository(here, 'theirs', files);
  const root = join(here, 'root');
  const access: RepositoryAccess = {
    project: project({ id: 'local', workspaceMode: 'local_path', localPath: work, repoUrl: null }),
    credentials: async () => null,
  };
  const workspaces = createWorkspaces({
    findRoute: anywhere,
    root,
    path: `${bin}:${process.env['PATH']}`,
    allowedLocalRoots: [folder.path],
    ...(gitAtOnce && { gitAtOnce }),
  });
  return { here, root, access, first, workspaces, guarded: () => writeFileSync(guard, '') };
}

describe('a checkout', () => {
  it('that was left half made, by whoever was killed, is removed with what the mirror knows of it', async () => {
    // Git has made the worktree; nobody has written down where.
    const { root, access, first, workspaces, guarded } = setUp(`[ "$1" = read-tree ] && exit 137; exec ${GIT} "$@"`);
    const base = await workspaces.resolve(access, 'main');
    expect(base).toBe(first);
    guarded();
    const wanted = { key: 'run_1', base, branch: 'nofx/1' };
    await expect(workspaces.openWorkspace(access, wanted)).rejects.toThrow('exit 137');
    const worktrees = join(root, 'mirrors', 'local.git', 'worktrees');
    expect(readdirSync(worktrees)).toHaveLength(1);
    // Killed while it wrote its state, too.
    writeFileSync(join(root, 'workspaces', 'local', 'run_1.state.json.new'), '{');
    await workspaces.removeWorkspace(access, 'run_1');
    expect(existsSync(worktrees) ? readdirSync(worktrees) : []).toEqual([]);
    expect(readdirSync(join(root, 'workspaces', 'local'))).toEqual([]);
  });

  it('whose removal was killed half way is removed by the next who tries, or made anew', async () => {
    const files = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`src/${n % 20}/${n}.txt`, `${n}\n`]));
    const { root, access, workspaces } = setUp('', undefined, files);
    const base = await workspaces.resolve(access, 'main');
    const wanted = { key: 'run_1', base, branch: 'nofx/1' };
    const here = join(root, 'workspaces', 'local', 'run_1');
    const killedHalfWay = async () => {
      await workspaces.openWorkspace(access, wanted);
      const remover = fork(REMOVER, [here, join(here, 'src', '7', '7.txt')]);
      expect(await once(remover, 'exit')).toEqual([null, 'SIGKILL']);
      expect(readdirSync(here, { recursive: true }).length).toBeGreaterThan(0);
    };

    await killedHalfWay();
    const { path } = await workspaces.openWorkspace(access, wanted);
    expect(git(path, 'status', '--porcelain')).toBe('');
    expect(readdirSync(join(path, 'src'))).toHaveLength(20);

    await killedHalfWay();
    await workspaces.removeWorkspace(access, 'run_1');
    expect(readdirSync(join(root, 'workspaces', 'local'))).toEqual([]);
    const worktrees = join(root, 'mirrors', 'local.git', 'worktrees');
    expect(existsSync(worktrees) ? readdirSync(worktrees) : []).toEqual([]);

    // Or later, when part of what the mirror knew of it was gone.
    await workspaces.openWorkspace(access, wanted);
    rmSync(join(worktrees, 'run_1', 'gitdir'));
    rmSync(here, { recursive: true });
    await workspaces.removeWorkspace(access, 'run_1');
    expect(existsSync(worktrees) ? readdirSync(worktrees) : []).toEqual([]);
  });
});

describe('git', () => {
  it('runs no more processes at once than it may', async () => {
    const log = join(folder.path, 'turns');
    const { access, workspaces, guarded } = setUp(
      `echo + >> ${log}; ${GIT} "$@"; code=$?; sleep 0.05; echo - >> ${log}; exit $code`,
      2,
    );
    const base = await workspaces.resolve(access, 'main');
    guarded();
    await Promise.all(Array.from({ length: 6 }, () => workspaces.readBase(access, base)));
    let now = 0;
    const running = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (now += line === '+' ? 1 : -1));
    expect(Math.max(...running)).toBe(2);
    expect(running.at(-1)).toBe(0);
  });

  it('is asked once for what steps read of the commit that they start from', async () => {
    const log = join(folder.path, 'reads');
    const files = { 'a.txt': 'a\n', 'b.txt': 'b\n', 'src/c.txt': 'c\n' };
    const { access, first, workspaces, guarded } = setUp(`echo $1 >> ${log}; exec ${GIT} "$@"`, undefined, files);
    guarded();
    const read = async () => {
      const base = await workspaces.readBase(access, first);
      return Promise.all(['a.txt', 'b.txt', 'none.txt', 'src/c.txt', 'src'].map((path) => base.text(path, 1)));
    };
    expect(await read()).toEqual(['a', 'b', null, 'c', null]);
    const asked = readFileSync(log, 'utf8');
    expect(asked.match(/^cat-file$/gm)!.length).toBeLessThanOrEqual(3);
    expect(await read()).toEqual(['a', 'b', null, 'c', null]);
    // A commit of a repository on this disk has no ref in the mirror: whether it is there is asked.
    expect(readFileSync(log, 'utf8')).toBe(`${asked}cat-file\n`);
  });
});
