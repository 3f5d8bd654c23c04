import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { Route } from '../../src/outbound/port.ts';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import type { RepositoryAccess, Workspaces } from '../../src/workspace/port.ts';
import { serveGit, type GitHttp } from '../support/git-http.ts';
import { makeRepository, project, tempFolder } from '../support/repository.ts';

/** A name that no resolver knows: whoever gets there was told where it is. */
const HOST = 'checked.invalid';

describe('where git goes', () => {
  const folder = tempFolder();
  let server: GitHttp;
  let inside: GitHttp;
  let workspaces: Workspaces;
  let route: Route;
  beforeAll(async () => {
    mkdirSync(join(folder.path, 'remotes'));
    server = await serveGit({ root: join(folder.path, 'remotes') });
    inside = await serveGit({ root: join(folder.path, 'remotes') });
    workspaces = createWorkspaces({
      root: join(folder.path, 'root'),
      path: process.env['PATH'] ?? '',
      allowHttp: true,
      findRoute: async () => route,
    });
  });
  beforeEach(() => {
    route = { ok: true, addresses: ['127.0.0.1'] };
    server.intercept = () => false;
    server.requests.length = 0;
    inside.requests.length = 0;
  });
  afterAll(async () => {
    await Promise.all([server.close(), inside.close()]);
    folder.remove();
  });

  let count = 0;
  const setUp = () => {
    const name = `kit${(count += 1)}`;
    const access: RepositoryAccess = {
      project: project({ id: name, repoUrl: `http://${HOST}:${new URL(server.origin).port}/${name}.git` }),
      credentials: async () => null,
    };
    return { ...makeRepository(join(folder.path, 'remotes'), name, { 'a.txt': 'a\n' }), access };
  };

  it('is where the check has been, whatever a resolver says: for the head, a fetch and a push', async () => {
    const { access, first } = setUp();
    expect(await workspaces.head(access)).toMatchObject({ branch: 'main', sha: first });
    expect(await workspaces.resolve(access, 'main')).toBe(first);
    await workspaces.push(access, { sha: first, branch: 'nofx/1', expected: null });
    expect(server.requests.some((line) => line.includes('git-receive-pack'))).toBe(true);
  });

  it('is nowhere else: a redirect is not followed', async () => {
    const { access } = setUp();
    server.intercept = ({ url }, response) => {
      response.writeHead(302, { location: inside.origin + url }).end();
      return true;
    };
    const refused = workspaces.head(access);
    await expect(refused).rejects.toBeInstanceOf(UserError);
    await expect(refused).rejects.toThrow('only leads on to another one');
    expect(inside.requests).toEqual([]);
  });

  it('is asked before each command: a host that has moved inside is not dialled any more', async () => {
    const { access, commit } = setUp();
    await workspaces.resolve(access, 'main');
    const next = commit({ 'a.txt': 'b\n' });
    const before = server.requests.length;
    route = { ok: false, reason: "The host's address 10.0.0.7 is not a public one." };
    await expect(workspaces.resolve(access, 'main')).rejects.toMatchObject({
      message: expect.stringContaining('10.0.0.7 is not a public one'),
      next: expect.stringContaining('NOFX_PRIVATE_HOSTS'),
    });
    await expect(workspaces.resolve(access, next)).rejects.toBeInstanceOf(UserError);
    expect(server.requests).toHaveLength(before);
  });
});
