import { Hono, type Context } from 'hono';
import { repositoryFor } from './access.ts';
import type { Env } from './auth.ts';
import { commitsBetween } from './git-diff.ts';
import { gitMaybe } from './git.ts';
import { readObject, resolveCommit } from './git-reader.ts';
import { entryAt, readTree } from './git-objects.ts';
import { fail, notFound, page } from './respond.ts';
import { commitShape } from './shape-git.ts';
import { fullRepositoryShape, repositoryApi, repositoryHtml } from './shape-repository.ts';
import type { Repository } from './types.ts';
import type { World } from './world.ts';

/** The repository, its branches, commits and files. */
export function repositoryRoutes(world: World): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get('/repos/:owner/:repo', (c) => c.json(fullRepositoryShape(world, repositoryFor(world, c))));

  routes.get('/repos/:owner/:repo/branches', (c) => {
    const repo = repositoryFor(world, c, 'contents:read');
    const all = [...repo.knownBranches].map(([name, sha]) => ({
      name,
      commit: { sha, url: `${repositoryApi(world, repo)}/commits/${sha}` },
      protected: repo.protectedBranches.has(name),
    }));
    return c.json(page(c, all));
  });

  routes.get('/repos/:owner/:repo/branches/:branch{.+}', async (c) => {
    const repo = repositoryFor(world, c, 'contents:read');
    const name = c.req.param('branch');
    const sha = repo.knownBranches.get(name);
    if (!sha) return fail(404, 'Branch not found');
    const isProtected = repo.protectedBranches.has(name);
    const url = `${repositoryApi(world, repo)}/branches/${encodeURIComponent(name)}`;
    return c.json({
      name,
      commit: await commitShape(world, repo, sha),
      _links: { self: url, html: `${repositoryHtml(world, repo)}/tree/${name}` },
      protected: isProtected,
      protection: {
        enabled: isProtected,
        required_status_checks: { enforcement_level: 'off', contexts: [], checks: [] },
      },
      protection_url: `${url}/protection`,
    });
  });

  // `commits/{ref}/check-runs` is in routes-checks.ts, which comes first.
  routes.get('/repos/:owner/:repo/commits/:ref{.+}', async (c) => {
    const repo = repositoryFor(world, c, 'contents:read');
    if (repo.knownBranches.size === 0) fail(409, 'Git Repository is empty.');
    const sha = await resolveCommit(repo.dir, c.req.param('ref'));
    if (!sha) return fail(422, `No commit found for SHA: ${c.req.param('ref')}`);
    return c.json(await commitShape(world, repo, sha));
  });

  routes.get('/repos/:owner/:repo/compare/:basehead{.+}', async (c) => {
    const repo = repositoryFor(world, c, 'contents:read');
    const [from = '', to = ''] = c.req.param('basehead').split('...');
    const base = await resolveCommit(repo.dir, from);
    const head = await resolveCommit(repo.dir, to);
    const ancestor = base && head && (await gitMaybe(repo.dir, ['merge-base', base, head]))?.trim();
    if (!base || !head || !ancestor) return notFound();
    const ahead = await commitsBetween(repo.dir, base, head);
    const behind = await commitsBetween(repo.dir, head, base);
    const url = `${repositoryApi(world, repo)}/compare/${from}...${to}`;
    const html = `${repositoryHtml(world, repo)}/compare/${from}...${to}`;
    const status =
      ahead.length > 0 ? (behind.length > 0 ? 'diverged' : 'ahead') : behind.length > 0 ? 'behind' : 'identical';
    return c.json({
      url,
      html_url: html,
      permalink_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: await commitShape(world, repo, base),
      merge_base_commit: await commitShape(world, repo, ancestor),
      status,
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: await Promise.all(ahead.slice(0, 100).map((sha) => commitShape(world, repo, sha))),
    });
  });

  routes.get('/repos/:owner/:repo/contents', (c) => contents(world, c, ''));
  routes.get('/repos/:owner/:repo/contents/:path{.*}', (c) => contents(world, c, c.req.param('path')));

  return routes;
}

async function contents(world: World, c: Context<Env>, path: string): Promise<Response> {
  const repo = repositoryFor(world, c, 'contents:read');
  if (repo.knownBranches.size === 0) fail(404, 'This repository is empty.');
  const ref = c.req.query('ref') ?? repo.defaultBranch;
  const commit = await resolveCommit(repo.dir, ref);
  if (!commit) return fail(404, `No commit found for the ref ${ref}`);
  const found = path === '' ? { type: 'tree', sha: `${commit}^{tree}` } : await entryAt(repo.dir, commit, path);
  if (!found) return notFound();
  if (found.type === 'tree') {
    const entries = (await readTree(repo.dir, path === '' ? commit : `${commit}:${path}`, false)) ?? notFound();
    return c.json(
      entries.map((entry) =>
        entryShape(world, repo, ref, { ...entry, path: path ? `${path}/${entry.path}` : entry.path }),
      ),
    );
  }
  const bytes = (await readObject(repo.dir, found.sha))?.bytes ?? notFound();
  if (/\braw\b/.test(c.req.header('accept') ?? '')) {
    return c.body(new Uint8Array(bytes), 200, { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' });
  }
  const content = bytes.toString('base64').replace(/.{60}/g, '$&\n').concat('\n');
  return c.json({
    ...entryShape(world, repo, ref, { ...found, path, size: bytes.length }),
    content,
    encoding: 'base64',
  });
}

type Entry = { path: string; mode?: string; type: string; sha: string; size?: number };

function entryShape(world: World, repo: Repository, ref: string, entry: Entry) {
  const path = entry.path.split('/').map(encodeURIComponent).join('/');
  const url = `${repositoryApi(world, repo)}/contents/${path}?ref=${encodeURIComponent(ref)}`;
  const isFile = entry.type === 'blob';
  const git = `${repositoryApi(world, repo)}/git/${isFile ? 'blobs' : 'trees'}/${entry.sha}`;
  const html = `${repositoryHtml(world, repo)}/${isFile ? 'blob' : 'tree'}/${ref}/${path}`;
  return {
    name: entry.path.split('/').at(-1),
    path: entry.path,
    sha: entry.sha,
    size: entry.size ?? 0,
    url,
    html_url: html,
    git_url: git,
    download_url: isFile ? `${repositoryHtml(world, repo)}/raw/${ref}/${path}` : null,
    type: entry.mode === '120000' ? 'symlink' : isFile ? 'file' : 'dir',
    _links: { self: url, git, html },
  };
}
