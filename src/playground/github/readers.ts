import { pullsOf } from './actions-pulls.ts';
import { branchesOf } from './git.ts';
import { filesBetween, type FileDiff } from './git-diff.ts';
import { annotationShape, checkRunShape } from './shape-checks.ts';
import { commentShape, issueShape } from './shape-issues.ts';
import { pullShape, reviewCommentShape } from './shape-pulls.ts';
import type { Issue, Repository } from './types.ts';
import { issueNamed, repositoryNamed, type World } from './world.ts';

export type Readers = ReturnType<typeof createReaders>;

/** What a person sees on GitHub, in the shapes of its API. Repositories are named `owner/name`. */
export function createReaders(world: World) {
  const repository = (name: string): Repository => repositoryNamed(world, name);
  const issueOf = (name: string, number: number): Issue => issueNamed(world, name, number);

  return {
    /** Issues that are no pull requests, oldest first. */
    issues: (repo: string) =>
      [...repository(repo).issues.values()].filter((one) => !one.pull).map((one) => issueShape(world, one)),
    /** All pull requests, oldest first. */
    pullRequests: (repo: string) => pullsOf(repository(repo)).map((pull) => pullShape(world, pull)),
    issue: (repo: string, number: number) => issueShape(world, issueOf(repo, number)),
    /** All comments of an issue or pull request, oldest first. */
    comments: (repo: string, issue: number) =>
      issueOf(repo, issue).comments.map((comment) => commentShape(world, comment)),
    /** All comments beside the lines of a pull request, oldest first. */
    reviewComments: (repo: string, pull: number) =>
      [...world.reviewComments.values()]
        .filter((comment) => comment.pull === issueOf(repo, pull).pull)
        .map((comment) => reviewCommentShape(world, comment)),
    /** All check runs, oldest first, with their annotations and buttons. */
    checkRuns: (repo: string, sha?: string) =>
      [...world.checkRuns.values()]
        .filter((run) => run.repo === repository(repo) && (sha === undefined || run.headSha === sha))
        .map((run) => ({
          ...checkRunShape(world, run),
          annotations: run.annotations.map((annotation) => annotationShape(world, run, annotation)),
          actions: run.actions,
        })),
    /** `login: content`, of an issue, or of a comment by its id. */
    reactions(target: { repo: string; issue: number } | { comment: number }): { by: string; content: string }[] {
      const { reactions } =
        'comment' in target
          ? (world.comments.get(target.comment) ?? world.reviewComments.get(target.comment) ?? { reactions: [] })
          : issueOf(target.repo, target.issue);
      return reactions.map((reaction) => ({ by: reaction.user.login, content: reaction.content }));
    },
    /** Branches as git has them: name → SHA. */
    branches: async (repo: string): Promise<Record<string, string>> =>
      Object.fromEntries(await branchesOf(repository(repo).dir)),
    /** The bare repository's folder. */
    gitDir: (repo: string): string => repository(repo).dir,
    /** What a pull request changes, file by file. */
    files(repo: string, pull: number): Promise<FileDiff[]> {
      const { pull: found } = issueOf(repo, pull);
      if (!found) throw new Error(`${repo}#${pull} is not a pull request.`);
      return filesBetween(repository(repo).dir, found.base.sha, found.head.sha);
    },
  };
}
