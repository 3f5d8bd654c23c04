import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import type { RepositoryAccess, Workspaces } from '../../src/workspace/port.ts';
import { serveGit, type GitHttp } from '../support/git-http.ts';
import { anywhere, git, makeRepository, project, tempFolder } from '../support/repository.ts';

describe('the head of a repository', () => {
  const folder = tempFolder();
  let server: GitHttp;
  let workspaces: Workspaces;
  beforeAll(async () => {
    mkdirSync(join(folder.path, 'places'));
    server = await serveGit({ root: join(folder.path, 'places'), username: 'oauth2', password: 'secret' });
    workspaces = createWorkspaces({
      findRoute: anywhere,
      root: join(folder.path, 'root'),
      path: process.env['PATH'] ?? '',
      allowHttp: true,
      allowedLocalRoots: [join(folder.path, 'places')],
    });
  });
  afterAll(async () => {
    await server.close();
    folder.remove();
  });

  const remote = (name: string, password = 'secret'): RepositoryAccess => ({
    project: project({ id: `p_${name}`, repoUrl: `${server.origin}/${name}.git` }),
    credentials: async () => ({ username: 'oauth2', password }),
  });
  const local = (path: string): RepositoryAccess => ({
    project: project({ id: 'p_local', repoUrl: null, localPath: path, workspaceMode: 'local_path' }),
    credentials: async () => null,
  });
  const make = (name: string, files = { 'a.txt': 'a\n' }) => makeRepository(join(folder.path, 'places'), name, files);

  it('is that of the branch which it names, there and here', async () => {
    const { bare, work, first } = make('kit');
    git(bare, 'branch', 'develop');
    git(bare, 'symbolic-ref', 'HEAD', 'refs/heads/develop');
    expect(await workspaces.head(remote('kit'))).toEqual({ branch: 'develop', sha: first });
    git(work, 'checkout', '--quiet', '-b', 'feature/one');
    expect(await workspaces.head(local(work))).toEqual({ branch: 'feature/one', sha: first });
  });

  it('is asked for in vain where there is none', async () => {
    const { work, first } = make('bare-head');
    git(work, 'checkout', '--quiet', '--detach', first);
    await expect(workspaces.head(local(work))).rejects.toThrow('is on no branch');
    make('empty', {} as never);
    await expect(workspaces.head(remote('empty'))).rejects.toThrow('is empty');
    await expect(workspaces.head(local(join(folder.path, 'places/empty.work')))).rejects.toThrow('is empty');
    await expect(workspaces.head(remote('none'))).rejects.toThrow('was not found');
    await expect(workspaces.head(remote('bare-head', 'wrong'))).rejects.toThrow('refused the credentials');
  });
});
