import { syncBranches } from './actions-branches.ts';
import { liveToken, passwordOf } from './auth.ts';
import { permits } from './access.ts';
import { httpBackend } from './http-backend.ts';
import type { InstallationToken, Repository } from './types.ts';
import { findRepository, fullName, repositoriesOf, type World } from './world.ts';

/** `/owner/repo.git/…` in its parts; null when the path is not git's. */
export function gitPath(path: string): { owner: string; name: string; pathInfo: string } | null {
  const match = /^\/([^/]+)\/([^/]+)\.git(\/(?:info\/refs|git-upload-pack|git-receive-pack))$/.exec(path);
  return match ? { owner: match[1]!, name: match[2]!, pathInfo: match[3]! } : null;
}

/**
 * One request of git over HTTP. The user is `x-access-token`, the password a live installation token;
 * public repositories are read without one.
 */
export async function gitHttp(world: World, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const at = gitPath(decodeURIComponent(url.pathname));
  const isPush = at?.pathInfo === '/git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack';
  const header = request.headers.get('authorization');
  const token = header === null ? null : tokenOf(world, header);
  if (header !== null && !token)
    return unauthorized('Invalid username or token. Password authentication is not supported for Git operations.');
  const repo = at && (findRepository(world, at.owner, at.name) ?? formerly(world, at));
  const covered = repo && token && repositoriesOf(world, token).includes(repo);
  if (!repo || (repo.private && !covered))
    return token ? plain(404, 'Repository not found.') : unauthorized('Repository not found.');
  const refusal = refusalOf(world, repo, covered ? token : null, isPush);
  if (refusal) return refusal;
  return await httpBackend(request, {
    dir: repo.dir,
    pathInfo: at.pathInfo,
    remoteUser: token ? world.app.bot.login : null,
    hookEnv: {
      STAND_IN_PROTECTED: [...repo.protectedBranches].map((name) => `refs/heads/${name}`).join('\n'),
      STAND_IN_WORKFLOWS: token && permits(token, 'workflows:write') ? 'yes' : 'no',
      STAND_IN_DEFAULT: `refs/heads/${repo.defaultBranch}`,
    },
    finished: () =>
      at.pathInfo === '/git-receive-pack' ? syncBranches(world, repo, world.app.bot) : Promise.resolve(),
  });
}

function tokenOf(world: World, header: string): InstallationToken | undefined {
  const [scheme = '', credential = ''] = header.split(/ +/);
  if (/^bearer$/i.test(scheme)) return liveToken(world, credential);
  const user = Buffer.from(credential, 'base64').toString('utf8').split(':')[0];
  return user === 'x-access-token' ? liveToken(world, passwordOf(credential) ?? '') : undefined;
}

function refusalOf(world: World, repo: Repository, token: InstallationToken | null, isPush: boolean): Response | null {
  const denied = () => plain(403, `Permission to ${fullName(repo)}.git denied to ${world.app.bot.login}.`);
  if (token?.installation.suspendedAt) return denied();
  if (!isPush) return token && repo.private && !permits(token, 'contents:read') ? denied() : null;
  if (!token) return unauthorized('Authentication is required to push.');
  if (repo.archived) return plain(403, 'This repository was archived so it is read-only.');
  return permits(token, 'contents:write') ? null : denied();
}

function formerly(world: World, { owner, name }: { owner: string; name: string }): Repository | undefined {
  const id = world.formerNames.get(`${owner}/${name}`.toLowerCase());
  return id === undefined ? undefined : world.repositories.get(id);
}

const plain = (status: number, message: string, headers = {}) =>
  new Response(`${message}\n`, { status, headers: { 'content-type': 'text/plain', ...headers } });

const unauthorized = (message: string) => plain(401, message, { 'www-authenticate': 'Basic realm="GitHub"' });
