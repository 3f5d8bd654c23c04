import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import { serveGit } from '../support/git-http.ts';
import { anywhere, makeRepository, project, tempFolder } from '../support/repository.ts';
import type { ContentChange, RepositoryAccess } from '../../src/workspace/port.ts';

const token = 'ghs_1234567890abcdefghijklmnopqrstuvwxyz';

export const meta = {
  message: 'Add it\n\nNOFX-Run: run_1',
  author: { name: 'nofx[bot]', email: 'nofx@example.com' },
  date: new Date('2026-01-02T03:04:05Z'),
};
export const added = (path: string, text: string): ContentChange => ({
  status: 'added',
  path,
  mode: '100644',
  binary: false,
  bytes: Buffer.from(text),
});

/** Workspaces for the tests of one file, and remotes that ask for a token, in a folder that goes away with them. */
export async function serveWorkspaces() {
  const folder = tempFolder();
  mkdirSync(join(folder.path, 'remotes'));
  const server = await serveGit({ root: join(folder.path, 'remotes'), username: 'x-access-token', password: token });
  const workspaces = createWorkspaces({
    findRoute: anywhere,
    root: join(folder.path, 'root'),
    path: process.env['PATH'] ?? '',
    allowHttp: true,
  });
  afterAll(async () => {
    await server.close();
    folder.remove();
  });

  let count = 0;
  /** A remote repository, and the way to it. */
  function setUp(files: Parameters<typeof makeRepository>[2], over: Parameters<typeof project>[0] = {}) {
    const name = `repo${++count}`;
    const repository = makeRepository(join(folder.path, 'remotes'), name, files);
    const access: RepositoryAccess = {
      project: project({ id: `gh_${count}`, repoUrl: `${server.origin}/${name}.git`, ...over }),
      credentials: async () => ({ username: 'x-access-token', password: token }),
    };
    return { ...repository, access };
  }

  return { folder, server, workspaces, setUp };
}
