import { apiUrl, htmlUrl, iso, isoOrNull, nodeId } from './shape-common.ts';
import type { Account, Installation, Permissions, Team } from './types.ts';
import type { World } from './world.ts';

/** `simple-user` of GitHub's description. */
export function userShape(world: World, account: Account) {
  const url = apiUrl(world, `/users/${encodeURIComponent(account.login)}`);
  const isBot = account.type === 'Bot';
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId('U', account.id),
    avatar_url: htmlUrl(world, `/avatars/u/${account.id}`),
    gravatar_id: '',
    url,
    html_url: htmlUrl(world, isBot ? `/apps/${account.login.replace('[bot]', '')}` : `/${account.login}`),
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    user_view_type: 'public',
    site_admin: false,
  };
}

/** `team`: as the reviewers of a pull request name it. */
export function teamShape(world: World, { id, org, slug }: Team) {
  const url = apiUrl(world, `/organizations/${org.id}/team/${id}`);
  return {
    id,
    node_id: nodeId('T', id),
    name: slug,
    slug,
    description: null,
    privacy: 'closed',
    notification_setting: 'notifications_enabled',
    permission: 'pull',
    type: 'organization',
    organization_id: org.id,
    url,
    html_url: htmlUrl(world, `/orgs/${org.login}/teams/${slug}`),
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    parent: null,
  };
}

/** `public-user`: what `GET /users/{username}` answers. */
export function publicUserShape(world: World, account: Account) {
  return {
    ...userShape(world, account),
    name: account.name,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: iso(account.createdAt),
    updated_at: iso(account.createdAt),
  };
}

/** `integration`: the app as checks and `GET /app` show it. */
export function appShape(world: World) {
  const { app } = world;
  return {
    id: app.id,
    client_id: app.clientId,
    slug: app.slug,
    node_id: nodeId('A', app.id),
    owner: userShape(world, app.owner),
    name: app.name,
    description: '',
    external_url: htmlUrl(world, ''),
    html_url: htmlUrl(world, `/apps/${app.slug}`),
    created_at: iso(app.createdAt),
    updated_at: iso(app.createdAt),
    permissions: app.permissions,
    events: app.events,
  };
}

export function installationShape(world: World, installation: Installation) {
  const { account } = installation;
  return {
    id: installation.id,
    client_id: world.app.clientId,
    account: userShape(world, account),
    repository_selection: selectionOf(installation.repositoryIds),
    access_tokens_url: apiUrl(world, `/app/installations/${installation.id}/access_tokens`),
    repositories_url: apiUrl(world, '/installation/repositories'),
    html_url: htmlUrl(world, `/settings/installations/${installation.id}`),
    app_id: world.app.id,
    app_slug: world.app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: installation.permissions as Permissions,
    events: world.app.events,
    created_at: iso(installation.createdAt),
    updated_at: iso(installation.createdAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: isoOrNull(installation.suspendedAt),
  };
}

export const selectionOf = (ids: Set<number> | null) => (ids === null ? ('all' as const) : ('selected' as const));
