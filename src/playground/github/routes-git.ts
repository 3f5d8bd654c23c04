import { Hono, type Context } from 'hono';
import { actorOf, repositoryFor, type Need } from './access.ts';
import { syncBranches } from './actions-branches.ts';
import type { Env } from './auth.ts';
import { git, gitMaybe } from './git.ts';
import { isAncestor } from './git-diff.ts';
import { findObject, readObject } from './git-reader.ts';
import {
  readCommit,
  readTree,
  writeBlob,
  writeCommit,
  writeTree,
  type Person,
  type TreeChange,
} from './git-objects.ts';
import { bodyOf, fail, invalid, notFound, text } from './respond.ts';
import { nodeId } from './shape-common.ts';
import { gitCommitShape, refShape } from './shape-git.ts';
import { repositoryApi } from './shape-repository.ts';
import type { Repository } from './types.ts';
import type { World } from './world.ts';

const SHA = /^[0-9a-f]{40}$/;

/** GitHub's git database: blobs, trees, commits and refs, all of them git's own objects. */
export function gitRoutes(world: World): Hono<Env> {
  const routes = new Hono<Env>();

  /** 409 as long as the repository has no commit. */
  function repoFor(c: Context<Env>, need: Need): Repository {
    const repo = repositoryFor(world, c, need);
    if (repo.knownBranches.size === 0) fail(409, 'Git Repository is empty.');
    return repo;
  }

  routes.get('/repos/:owner/:repo/git/ref/:ref{.+}', async (c) => {
    const repo = repoFor(c, 'contents:read');
    const ref = `refs/${c.req.param('ref')}`;
    const sha = await shaOf(repo, ref);
    return c.json(sha ? refShape(world, repo, ref, sha) : notFound());
  });

  routes.get('/repos/:owner/:repo/git/matching-refs/:ref{.*}', async (c) => {
    const repo = repoFor(c, 'contents:read');
    const prefix = `refs/${c.req.param('ref')}`;
    const lines = await git(repo.dir, ['for-each-ref', '--format=%(objectname) %(objecttype) %(refname)']);
    const refs = lines
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ') as [string, string, string]);
    return c.json(
      refs
        .filter(([, , name]) => name.startsWith(prefix))
        .map(([sha, type, name]) => refShape(world, repo, name, sha, type)),
    );
  });

  routes.post('/repos/:owner/:repo/git/refs', async (c) => {
    const repo = repoFor(c, 'contents:write');
    const body = await bodyOf(c);
    const ref = text(body, 'ref', 'Reference');
    const sha = text(body, 'sha', 'Reference');
    if (!/^refs\/[^/]+\/./.test(ref))
      fail(422, "Reference name must start with 'refs/' and contain at least one '/' after that.");
    if (!(await isCommit(repo, sha))) fail(422, 'Object does not exist');
    // git itself refuses when the ref exists (or appears meanwhile): the old value must be nothing.
    if ((await gitMaybe(repo.dir, ['update-ref', ref, sha, ''])) === null) {
      const isName = (await gitMaybe(repo.dir, ['check-ref-format', ref])) !== null;
      fail(422, isName ? 'Reference already exists' : `${ref} is not a valid ref name.`);
    }
    await syncBranches(world, repo, actorOf(world, c));
    return c.json(refShape(world, repo, ref, sha), 201, { location: `${repositoryApi(world, repo)}/git/${ref}` });
  });

  routes.patch('/repos/:owner/:repo/git/refs/:ref{.+}', async (c) => {
    const repo = repoFor(c, 'contents:write');
    const body = await bodyOf(c);
    const ref = `refs/${c.req.param('ref')}`;
    const sha = text(body, 'sha', 'Reference');
    const old = await shaOf(repo, ref);
    if (!old) return fail(422, 'Reference does not exist');
    refuseProtected(repo, ref);
    if (!(await isCommit(repo, sha))) fail(422, 'Object does not exist');
    if (!(await isAncestor(repo.dir, old, sha)) && body['force'] !== true) fail(422, 'Update is not a fast forward');
    await git(repo.dir, ['update-ref', ref, sha]);
    await syncBranches(world, repo, actorOf(world, c));
    return c.json(refShape(world, repo, ref, sha));
  });

  routes.delete('/repos/:owner/:repo/git/refs/:ref{.+}', async (c) => {
    const repo = repoFor(c, 'contents:write');
    const ref = `refs/${c.req.param('ref')}`;
    if (!(await shaOf(repo, ref))) fail(422, 'Reference does not exist');
    refuseProtected(repo, ref);
    await git(repo.dir, ['update-ref', '-d', ref]);
    await syncBranches(world, repo, actorOf(world, c));
    return c.body(null, 204);
  });

  routes.post('/repos/:owner/:repo/git/commits', async (c) => {
    const repo = repoFor(c, 'contents:write');
    const body = await bodyOf(c);
    const tree = text(body, 'tree', 'Commit');
    const parents = (body['parents'] ?? []) as string[];
    if ((await typeOf(repo, tree)) !== 'tree') fail(422, 'Tree SHA does not exist');
    for (const parent of parents)
      if (!(await isCommit(repo, parent))) fail(422, 'Parent SHA does not exist or is not a commit object');
    const author = personOf(world, body['author']) ?? botPerson(world);
    const committer = personOf(world, body['committer']) ?? author;
    const sha = await writeCommit(repo.dir, {
      tree,
      parents,
      author,
      committer,
      message: text(body, 'message', 'Commit'),
    });
    return c.json(gitCommitShape(world, repo, await readCommit(repo.dir, sha)), 201);
  });

  routes.get('/repos/:owner/:repo/git/commits/:sha', async (c) => {
    const repo = repoFor(c, 'contents:read');
    const sha = c.req.param('sha');
    if (!(await isCommit(repo, sha))) notFound();
    return c.json(gitCommitShape(world, repo, await readCommit(repo.dir, sha)));
  });

  routes.post('/repos/:owner/:repo/git/trees', async (c) => {
    const repo = repoFor(c, 'contents:write');
    const body = await bodyOf(c);
    const base = typeof body['base_tree'] === 'string' ? body['base_tree'] : null;
    if (base && !(await typeOf(repo, base))) fail(422, 'base_tree is not a valid tree oid');
    const changes: TreeChange[] = [];
    for (const entry of (body['tree'] ?? []) as Record<string, unknown>[]) {
      const content = entry['content'];
      const sha =
        typeof content === 'string' ? await writeBlob(repo.dir, Buffer.from(content)) : (entry['sha'] as string | null);
      if (sha !== null && !(await typeOf(repo, sha))) fail(422, 'tree.sha is not a valid object');
      changes.push({ path: text(entry, 'path', 'Tree'), mode: text(entry, 'mode', 'Tree', false) || '100644', sha });
    }
    if (changes.length === 0) invalid({ resource: 'Tree', field: 'tree', code: 'missing_field' });
    return c.json(await treeShape(world, repo, await writeTree(repo.dir, base, changes), false), 201);
  });

  routes.get('/repos/:owner/:repo/git/trees/:sha{.+}', async (c) => {
    const repo = repoFor(c, 'contents:read');
    return c.json(await treeShape(world, repo, c.req.param('sha'), c.req.query('recursive') !== undefined));
  });

  routes.post('/repos/:owner/:repo/git/blobs', async (c) => {
    const repo = repoFor(c, 'contents:write');
    const body = await bodyOf(c);
    const encoding = body['encoding'] === 'base64' ? 'base64' : 'utf8';
    const sha = await writeBlob(repo.dir, Buffer.from(text(body, 'content', 'Blob', false), encoding));
    return c.json({ sha, url: `${repositoryApi(world, repo)}/git/blobs/${sha}` }, 201);
  });

  routes.get('/repos/:owner/:repo/git/blobs/:sha', async (c) => {
    const repo = repoFor(c, 'contents:read');
    const sha = c.req.param('sha');
    const blob = SHA.test(sha) ? await readObject(repo.dir, sha) : null;
    if (blob?.type !== 'blob') return notFound();
    const { bytes } = blob;
    const url = `${repositoryApi(world, repo)}/git/blobs/${sha}`;
    return c.json({
      sha,
      node_id: nodeId('B', sha),
      size: bytes.length,
      url,
      content: bytes.toString('base64'),
      encoding: 'base64',
    });
  });

  return routes;
}

const shaOf = async (repo: Repository, ref: string): Promise<string | null> =>
  (await findObject(repo.dir, ref))?.sha ?? null;

/** `commit`, `tree`, `blob` or `tag`; null when the repository has no such object. */
const typeOf = async (repo: Repository, sha: string): Promise<string | null> =>
  SHA.test(sha) ? ((await findObject(repo.dir, sha))?.type ?? null) : null;

export const isCommit = async (repo: Repository, sha: string): Promise<boolean> =>
  (await typeOf(repo, sha)) === 'commit';

function refuseProtected(repo: Repository, ref: string): void {
  const branch = ref.replace('refs/heads/', '');
  if (repo.protectedBranches.has(branch)) fail(422, `Protected branch update failed for ${ref}.`);
}

function personOf(world: World, value: unknown): Person | null {
  if (typeof value !== 'object' || value === null) return null;
  const { name, email, date } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof email !== 'string') return null;
  return { name, email, date: typeof date === 'string' ? new Date(date) : world.now() };
}

/** The app as the author of what it commits over the API. */
export function botPerson(world: World): Person {
  const { bot } = world.app;
  const host = new URL(world.origin).hostname;
  return { name: bot.login, email: `${bot.id}+${bot.login}@users.noreply.${host}`, date: world.now() };
}

async function treeShape(world: World, repo: Repository, treeish: string, recursive: boolean) {
  const sha = await shaOf(repo, `${treeish}^{tree}`);
  const entries = (await readTree(repo.dir, treeish, recursive)) ?? notFound();
  const url = (kind: string, id: string) => `${repositoryApi(world, repo)}/git/${kind}s/${id}`;
  return {
    sha: sha ?? notFound(),
    url: url('tree', sha!),
    tree: entries.map((entry) => ({ ...entry, url: url(entry.type, entry.sha) })),
    truncated: false,
  };
}
