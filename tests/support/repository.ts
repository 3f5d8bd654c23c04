import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ProjectFacts } from '../../src/domain/project.ts';
import type { FindRoute } from '../../src/outbound/port.ts';

export type TestFile = string | Buffer | { content: string | Buffer; executable: true } | { link: string };

const env = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
};

/** Lets git go wherever it is sent: the places of these tests are on this machine. */
export const anywhere: FindRoute = async () => ({ ok: true, addresses: null });

/** Plain git, for setting up and looking at results. */
export function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export function tempFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'nofx-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function writeFiles(root: string, files: Record<string, TestFile>): void {
  for (const [name, file] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof file === 'object' && 'link' in file) {
      rmSync(path, { force: true });
      symlinkSync(file.link, path);
    } else if (typeof file === 'object' && 'executable' in file) {
      writeFileSync(path, file.content);
      chmodSync(path, 0o755);
    } else writeFileSync(path, file);
  }
}

/** A bare repository `<root>/<name>.git` with one commit on `main`, and a work tree beside it to add more. */
export function makeRepository(root: string, name: string, files: Record<string, TestFile>) {
  const bare = join(root, `${name}.git`);
  const work = join(root, `${name}.work`);
  git(root, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  git(root, 'init', '--quiet', '--initial-branch=main', work);
  git(work, 'remote', 'add', 'origin', bare);
  const commit = (changed: Record<string, TestFile>, message = 'change'): string => {
    writeFiles(work, changed);
    git(work, 'add', '--all');
    git(work, 'commit', '--quiet', '--allow-empty', '--message', message);
    git(work, 'push', '--quiet', 'origin', 'HEAD:main');
    return git(work, 'rev-parse', 'HEAD').trim();
  };
  const first = Object.keys(files).length > 0 ? commit(files, 'first') : '';
  return { bare, work, first, commit };
}

export function project(over: Partial<ProjectFacts> = {}): ProjectFacts {
  return {
    id: 'gh_1',
    name: 'acme/shop',
    repoUrl: null,
    localPath: null,
    workspaceMode: 'worktree',
    gitMode: 'basic',
    defaultBranch: 'main',
    installationId: 1,
    repositoryId: 1,
    ...over,
  };
}
