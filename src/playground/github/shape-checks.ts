import { readCommit } from './git-objects.ts';
import { appShape } from './shape-accounts.ts';
import { iso, isoOrNull, nodeId } from './shape-common.ts';
import { gitCommitShape } from './shape-git.ts';
import { repositoryApi, repositoryHtml, repositoryShape } from './shape-repository.ts';
import type { Annotation, CheckRun, CheckSuite, Pull, Repository } from './types.ts';
import type { World } from './world.ts';

function pullsAt(world: World, repo: Repository, sha: string) {
  const api = repositoryApi(world, repo);
  const inRepo = { id: repo.id, name: repo.name, url: api };
  return [...repo.issues.values()]
    .map((issue) => issue.pull)
    .filter((pull): pull is Pull => pull !== undefined && pull.issue.state === 'open' && pull.head.sha === sha)
    .map((pull) => ({
      id: pull.id,
      number: pull.issue.number,
      url: `${api}/pulls/${pull.issue.number}`,
      head: { ...pull.head, repo: inRepo },
      base: { ...pull.base, repo: inRepo },
    }));
}

function appOf(world: World, { otherApp }: CheckSuite) {
  return otherApp === undefined ? appShape(world) : { ...appShape(world), id: 15_368, slug: otherApp, name: otherApp };
}

export function checkRunShape(world: World, run: CheckRun) {
  const url = `${repositoryApi(world, run.repo)}/check-runs/${run.id}`;
  const html = `${repositoryHtml(world, run.repo)}/runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId('CR', run.id),
    head_sha: run.headSha,
    external_id: run.externalId,
    url,
    html_url: html,
    details_url: run.detailsUrl ?? html,
    status: run.status,
    conclusion: run.conclusion,
    started_at: isoOrNull(run.startedAt),
    completed_at: isoOrNull(run.completedAt),
    output: { ...run.output, annotations_count: run.annotations.length, annotations_url: `${url}/annotations` },
    check_suite: { id: run.suite.id },
    app: appOf(world, run.suite),
    pull_requests: pullsAt(world, run.repo, run.headSha),
  };
}

export function annotationShape(world: World, run: CheckRun, annotation: Annotation) {
  return {
    path: annotation.path,
    blob_href: `${repositoryHtml(world, run.repo)}/blob/${run.headSha}/${annotation.path}`,
    start_line: annotation.start_line,
    end_line: annotation.end_line,
    start_column: annotation.start_column ?? null,
    end_column: annotation.end_column ?? null,
    annotation_level: annotation.annotation_level,
    title: annotation.title ?? null,
    message: annotation.message,
    raw_details: annotation.raw_details ?? null,
  };
}

const runsOf = (world: World, suite: CheckSuite) =>
  [...world.checkRuns.values()].filter((run) => run.suite.id === suite.id);

/** A suite is what its runs are: queued without any, completed when all are. */
export function suiteStatus(world: World, suite: CheckSuite) {
  const runs = runsOf(world, suite);
  if (runs.length === 0) return { status: 'queued', conclusion: null };
  if (runs.some((run) => run.status !== 'completed')) return { status: 'in_progress', conclusion: null };
  const failed = runs.find((run) => !['success', 'neutral', 'skipped'].includes(run.conclusion ?? ''));
  return { status: 'completed', conclusion: failed?.conclusion ?? 'success' };
}

export async function checkSuiteShape(world: World, suite: CheckSuite) {
  const { repo } = suite;
  const url = `${repositoryApi(world, repo)}/check-suites/${suite.id}`;
  const commit = await readCommit(repo.dir, suite.headSha);
  return {
    id: suite.id,
    node_id: nodeId('CS', suite.id),
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    ...suiteStatus(world, suite),
    url,
    before: commit.parents[0] ?? null,
    after: suite.headSha,
    pull_requests: pullsAt(world, repo, suite.headSha),
    app: appOf(world, suite),
    created_at: iso(suite.createdAt),
    updated_at: iso(suite.createdAt),
    rerequestable: true,
    runs_rerequestable: true,
    latest_check_runs_count: runsOf(world, suite).length,
    check_runs_url: `${url}/check-runs`,
    head_commit: headCommitShape(world, repo, commit),
    repository: repositoryShape(world, repo),
  };
}

/** `simple-commit`, as suites and pushes carry it. */
export function headCommitShape(world: World, repo: Repository, commit: Awaited<ReturnType<typeof readCommit>>) {
  const { author, committer, message } = gitCommitShape(world, repo, commit);
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message,
    timestamp: committer.date,
    author: { name: author.name, email: author.email },
    committer: { name: committer.name, email: committer.email },
  };
}
