import { userShape } from './shape-accounts.ts';
import { apiUrl, htmlUrl, iso, nodeId } from './shape-common.ts';
import type { Label, Repository } from './types.ts';
import { fullName, type World } from './world.ts';

/** The parts of a repository's URLs after `/repos/{owner}/{repo}`, as templates. */
const URL_TEMPLATES = {
  forks_url: '/forks',
  keys_url: '/keys{/key_id}',
  collaborators_url: '/collaborators{/collaborator}',
  teams_url: '/teams',
  hooks_url: '/hooks',
  issue_events_url: '/issues/events{/number}',
  events_url: '/events',
  assignees_url: '/assignees{/user}',
  branches_url: '/branches{/branch}',
  tags_url: '/tags',
  blobs_url: '/git/blobs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  git_refs_url: '/git/refs{/sha}',
  trees_url: '/git/trees{/sha}',
  statuses_url: '/statuses/{sha}',
  languages_url: '/languages',
  stargazers_url: '/stargazers',
  contributors_url: '/contributors',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  commits_url: '/commits{/sha}',
  git_commits_url: '/git/commits{/sha}',
  comments_url: '/comments{/number}',
  issue_comment_url: '/issues/comments{/number}',
  contents_url: '/contents/{+path}',
  compare_url: '/compare/{base}...{head}',
  merges_url: '/merges',
  archive_url: '/{archive_format}{/ref}',
  downloads_url: '/downloads',
  issues_url: '/issues{/number}',
  pulls_url: '/pulls{/number}',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  labels_url: '/labels{/name}',
  releases_url: '/releases{/id}',
  deployments_url: '/deployments',
};

export const repositoryApi = (world: World, repo: Repository): string => apiUrl(world, `/repos/${fullName(repo)}`);
export const repositoryHtml = (world: World, repo: Repository): string => htmlUrl(world, `/${fullName(repo)}`);

/** `repository`: in lists, in webhooks, and inside pull requests. */
export function repositoryShape(world: World, repo: Repository) {
  const api = repositoryApi(world, repo);
  const html = repositoryHtml(world, repo);
  const openIssues = [...repo.issues.values()].filter((issue) => issue.state === 'open').length;
  return {
    id: repo.id,
    node_id: nodeId('R', repo.id),
    name: repo.name,
    full_name: fullName(repo),
    private: repo.private,
    owner: userShape(world, repo.owner),
    html_url: html,
    description: repo.description,
    fork: false,
    url: api,
    ...Object.fromEntries(Object.entries(URL_TEMPLATES).map(([name, path]) => [name, `${api}${path}`])),
    created_at: iso(repo.createdAt),
    updated_at: iso(repo.updatedAt),
    pushed_at: iso(repo.pushedAt ?? repo.createdAt),
    git_url: html.replace(/^https?/, 'git').concat('.git'),
    ssh_url: `git@${new URL(world.origin).hostname}:${fullName(repo)}.git`,
    clone_url: `${html}.git`,
    svn_url: html,
    homepage: null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: false,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    mirror_url: null,
    archived: repo.archived,
    disabled: false,
    open_issues_count: openIssues,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: repo.private ? 'private' : 'public',
    forks: 0,
    open_issues: openIssues,
    watchers: 0,
    default_branch: repo.defaultBranch,
  };
}

/** `full-repository`: what `GET /repos/{owner}/{repo}` answers. */
export function fullRepositoryShape(world: World, repo: Repository) {
  return {
    ...repositoryShape(world, repo),
    permissions: { admin: false, maintain: false, push: false, triage: false, pull: false },
    network_count: 0,
    subscribers_count: 0,
  };
}

export function labelShape(world: World, repo: Repository, label: Label) {
  return {
    id: label.id,
    node_id: nodeId('LA', label.id),
    url: `${repositoryApi(world, repo)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: label.default,
    description: label.description,
  };
}
