import { syncBranches } from './actions-branches.ts';
import { liveToken, passwordOf } from './auth.ts';
import { permits } from './access.ts';
import { httpBackend } from './http-backend.ts';
import type { Account, InstallationToken, Repository } from './types.ts';
import { findRepository, fullName, hasRole, repositoriesOf, type World } from './world.ts';

/** `/owner/repo.git/…` in its parts; null when the path is not git's. */
export function gitPath(path: string): { owner: string; name: string; pathInfo: string } | null {
  const match = /^\/([^/]+)\/([^/]+)\.git(\/(?:info\/refs|git-upload-pack|git-receive-pack))$/.exec(path);
  return match ? { owner: match[1]!, name: match[2]!, pathInfo: match[3]! } : null;
}

/** Who pushes or fetches: the app by an installation token, or somebody by a personal one. */
type Guest = { token: InstallationToken; account: Account } | { token: null; account: Account };

/**
 * One request of git over HTTP. With an installation token the user is `x-access-token`; beside a personal token any will
 * do. Public repositories are read without one.
 */
export async function gitHttp(world: World, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const at = gitPath(decodeURIComponent(url.pathname));
  const isPush = at?.pathInfo === '/git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack';
  const header = request.headers.get('authorization');
  const guest = header === null ? null : guestOf(world, header);
  if (header !== null && !guest)
    return unauthorized('Invalid username or token. Password authentication is not supported for Git operations.');
  const repo = at && (findRepository(world, at.owner, at.name) ?? formerly(world, at));
  const covered = repo && guest && isCovered(world, guest, repo);
  if (!repo || (repo.private && !covered))
    return guest ? plain(404, 'Repository not found.') : unauthorized('Repository not found.');
  const refusal = refusalOf(repo, covered ? guest : null, isPush);
  if (refusal) return refusal;
  const account = guest?.account ?? world.app.bot;
  return await httpBackend(request, {
    dir: repo.dir,
    pathInfo: at.pathInfo,
    remoteUser: guest ? account.login : null,
    hookEnv: {
      STAND_IN_PROTECTED: [...repo.protectedBranches].map((name) => `refs/heads/${name}`).join(' '),
      STAND_IN_WORKFLOWS: guest?.token && permits(guest.token, 'workflows:write') ? 'yes' : 'no',
      STAND_IN_DEFAULT: `refs/heads/${repo.defaultBranch}`,
    },
    finished: () => (at.pathInfo === '/git-receive-pack' ? syncBranches(world, repo, account) : Promise.resolve()),
  });
}

function guestOf(world: World, header: string): Guest | undefined {
  const [scheme = '', credential = ''] = header.split(/ +/);
  const isBearer = /^bearer$/i.test(scheme);
  const value = isBearer ? credential : (passwordOf(credential) ?? '');
  const account = world.personalTokens.get(value);
  if (account) return { token: null, account };
  const user = Buffer.from(credential, 'base64').toString('utf8').split(':')[0];
  const token = isBearer || user === 'x-access-token' ? liveToken(world, value) : undefined;
  return token && { token, account: world.app.bot };
}

function isCovered(world: World, { token, account }: Guest, repo: Repository): boolean {
  return token ? repositoriesOf(world, token).includes(repo) : hasRole(repo, account, 'read');
}

function refusalOf(repo: Repository, guest: Guest | null, isPush: boolean): Response | null {
  const denied = () => plain(403, `Permission to ${fullName(repo)}.git denied to ${guest!.account.login}.`);
  if (guest?.token?.installation.suspendedAt) return denied();
  const may = (level: 'read' | 'write') =>
    guest!.token ? permits(guest!.token, `contents:${level}`) : hasRole(repo, guest!.account, level);
  if (!isPush) return guest && repo.private && !may('read') ? denied() : null;
  if (!guest) return unauthorized('Authentication is required to push.');
  if (repo.archived) return plain(403, 'This repository was archived so it is read-only.');
  return may('write') ? null : denied();
}

function formerly(world: World, { owner, name }: { owner: string; name: string }): Repository | undefined {
  const id = world.formerNames.get(`${owner}/${name}`.toLowerCase());
  return id === undefined ? undefined : world.repositories.get(id);
}

const plain = (status: number, message: string, headers = {}) =>
  new Response(`${message}\n`, { status, headers: { 'content-type': 'text/plain', ...headers } });

const unauthorized = (message: string) => plain(401, message, { 'www-authenticate': 'Basic realm="GitHub"' });
