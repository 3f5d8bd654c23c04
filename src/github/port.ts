import type { Annotation } from '../domain/annotations/annotations.ts';
import type { LineComment } from '../domain/event.ts';
import type { DeliveryAttempt } from '../domain/redelivery.ts';
import type { Role } from '../domain/role.ts';

/** What the rest of the house may know of this room. */

/** What lets us in: an installation of the app, or somebody's personal token, by the name of its environment variable. */
export type Entrance =
  | { installationId: number; tokenEnv?: undefined }
  | { installationId?: undefined; tokenEnv: string };

/** One repository, and what lets us in. Keyed by id: names change. */
export type RepositoryRef = Entrance & { repositoryId: number; owner: string; name: string };

/** A repository as a list of them tells of it. */
export type InstalledRepository = {
  repositoryId: number;
  owner: string;
  name: string;
  cloneUrl: string;
  defaultBranch: string;
};

export type Permission = Role;

export type ReactionTarget =
  | { kind: 'comment'; id: number }
  /** a comment beside a line of a pull request */
  | { kind: 'line comment'; id: number }
  | { kind: 'issue'; number: number };

/** A button: at most 20, 40 and 20 characters. */
export type CheckAction = { label: string; description: string; identifier: string };

export type CheckRunInput = {
  /** The commit it stands on. Never the default branch's head. */
  headSha: string;
  name: string;
  /** Our natural key: the check is found by it (and headSha) before it is made. */
  externalId: string;
  detailsUrl?: string;
  startedAt?: Date;
  output: { title: string; summary: string; text?: string };
  /** Shown beside the lines. GitHub only ever adds: those that are there already are not sent again. */
  annotations?: Annotation[];
  /** Its buttons, once it is completed: at most three. */
  actions?: CheckAction[];
} & (
  | { status: 'queued' | 'in_progress' }
  | {
      status: 'completed';
      conclusion: 'success' | 'failure' | 'neutral' | 'cancelled' | 'timed_out' | 'action_required' | 'skipped';
      completedAt: Date;
    }
);

export type PullRequest = { number: number; url: string };

/** A pull request as it is now. */
export type PullRequestState = PullRequest & {
  title: string;
  body: string;
  open: boolean;
  /** `ownBranch`: it is a branch of this repository, and not of a fork */
  head: { ref: string; sha: string; ownBranch: boolean };
  base: { ref: string; sha: string };
};

/** A check run of ours that is not completed. */
export type OpenCheck = { id: number; name: string; headSha: string; externalId: string; startedAt: Date | null };

/** A commit as GitHub has it. */
export type CommitState = { sha: string; tree: string; parents: string[]; message: string };

/** A commit for GitHub to make and sign: plain files written, and paths removed. */
export type VerifiedCommit = {
  branch: string;
  /** where the branch points, and what the commit stands on */
  expected: string;
  message: string;
  additions: { path: string; bytes: Buffer }[];
  deletions: string[];
};

/** A check of another app that has failed, with what it says, its text and its lines. */
export type FailedCheck = {
  name: string;
  said: string;
  annotations: { path: string; line: number; message: string }[];
};

export type GitHub = {
  /** As GitHub says now. Never from `author_association`. With `id`, nothing where the login has become somebody else's. */
  permission(repo: RepositoryRef, login: string, id?: number): Promise<Permission>;
  /** Whether somebody is in a team (`org/team`); null where the app may not know. */
  isTeamMember(repo: RepositoryRef, team: string, login: string): Promise<boolean | null>;
  /** Adds a reaction; adding the same again does nothing. */
  react(repo: RepositoryRef, target: ReactionTarget, content: 'eyes' | 'rocket' | 'confused'): Promise<void>;
  /** Takes our own reaction away again, if it is there. */
  unreact(repo: RepositoryRef, target: ReactionTarget, content: 'eyes' | 'rocket' | 'confused'): Promise<void>;
  /**
   * Finds our comment by its hidden marker and edits it, or creates it. `known` is the id from last
   * time: then no search is made (unless it is gone).
   */
  upsertComment(
    repo: RepositoryRef,
    issue: number,
    comment: {
      marker: string;
      body: string;
      known?: number;
      /** the comment beside a line of the pull request in whose thread it stands */
      thread?: number | undefined;
    },
  ): Promise<{ id: number; url: string }>;
  /** What a review of a pull request says, with its comments beside lines; null where it is gone. */
  review(
    repo: RepositoryRef,
    pull: number,
    id: number,
  ): Promise<{ requestsChanges: boolean; body: string; comments: LineComment[] } | null>;
  /** The text of a comment as it stands; null when it is gone. `inThread`: one beside a line of a pull request. */
  commentBody(repo: RepositoryRef, id: number, options?: { inThread?: boolean }): Promise<string | null>;
  /** Finds by externalId on headSha, or creates; `known` as for comments. */
  upsertCheckRun(repo: RepositoryRef, check: CheckRunInput & { known?: number }): Promise<{ id: number; url: string }>;
  /**
   * Makes a commit with the tree of `base` (no change) and a branch that points to it. With the same
   * input the SHA is the same, so doing it twice is doing it once. The branch is left alone where it
   * already points elsewhere.
   */
  createMarker(
    repo: RepositoryRef,
    marker: { branch: string; base: string; message: string; author: { name: string; email: string }; date: Date },
  ): Promise<{ sha: string }>;
  /** The commit a branch points to; null when there is no such branch. */
  branchHead(repo: RepositoryRef, branch: string): Promise<string | null>;
  /** Puts a tag on a commit, unless there is one of that name; gives what it is on then. */
  ensureTag(repo: RepositoryRef, tag: { tag: string; sha: string }): Promise<{ sha: string }>;
  commit(repo: RepositoryRef, sha: string): Promise<CommitState>;
  /**
   * Has GitHub commit on a branch, under the app's name and signed. `refused`: GitHub's words where it will not; it may take
   * a push. RetryableError where the branch no longer points where it was expected to.
   */
  createVerifiedCommit(
    repo: RepositoryRef,
    commit: VerifiedCommit,
  ): Promise<{ sha: string; tree: string } | { refused: string }>;
  /** Finds the pull request from `head` to `base` (open first), or opens one. Adopts on 422 "already exists". */
  upsertPullRequest(
    repo: RepositoryRef,
    pr: { head: string; base: string; title: string; body: string; draft?: boolean },
  ): Promise<PullRequest & { created: boolean }>;
  /** How two commits (or branches) of a repository stand to each other. */
  compare(
    repo: RepositoryRef,
    base: string,
    head: string,
  ): Promise<{
    /** commits of `base` that `head` does not have */
    behind: number;
    /** the commit both come from */
    ancestor: string;
    /** the newest commit of `base` */
    baseSha: string;
    /** who wrote the commits of `head` that `base` does not have: `ours`, or somebody's login or name */
    authors: { ours: boolean; name: string }[];
  }>;
  /** Has GitHub merge the base into a pull request's branch, unless that has moved. UserError where it cannot. */
  updateBranch(repo: RepositoryRef, pull: number, expectedHead: string): Promise<void>;
  /** Takes the tick out of a box of ours in a pull request's text. */
  untick(repo: RepositoryRef, pull: number, box: string): Promise<void>;
  /** A pull request as it is now; null where there is none of that number. */
  pullRequest(repo: RepositoryRef, number: number): Promise<PullRequestState | null>;
  /**
   * Labels an issue or a pull request, assigns it, asks users and teams (`org/team`) to review it. Gives a sentence for
   * each of them that GitHub refused; the others are asked all the same.
   */
  triage(
    repo: RepositoryRef,
    wanted: { number: number; labels: string[]; assignees: string[]; reviewers: string[] },
  ): Promise<string[]>;
  /** The labels on an issue or a pull request, and when that was last changed, as far as GitHub knows where it was asked. */
  labels(repo: RepositoryRef, number: number): Promise<{ names: string[]; asOf: Date }>;
  /** Finds the app's own issue that begins with the hidden marker, open or closed, or opens one. */
  ensureIssue(
    repo: RepositoryRef,
    issue: { marker: string; title: string; body: string },
  ): Promise<{ number: number; url: string; created: boolean }>;
  /** Makes a branch with one commit on `base` that writes these text files; one that is there already is left alone. */
  ensureBranch(
    repo: RepositoryRef,
    proposal: {
      branch: string;
      base: string;
      message: string;
      author: { name: string; email: string };
      date: Date;
      files: Record<string, string>;
    },
  ): Promise<void>;
  /** The names at the top level of a commit; folders end in `/`. */
  listTop(repo: RepositoryRef, commit: string): Promise<string[]>;
  /** A text file at a ref, the default branch unless told; null when it is not there, or nobody may see it. */
  readFile(repo: RepositoryRef, path: string, ref?: string): Promise<string | null>;
  /** The repository as it is now. UserError when it is archived, empty, gone or suspended. */
  repository(repo: RepositoryRef): Promise<{
    owner: string;
    name: string;
    defaultBranch: string;
    /** the commit the default branch points to */
    defaultHead: string;
    cloneUrl: string;
    htmlUrl: string;
    private: boolean;
  }>;
  /** Where the app is installed and not suspended, by id. */
  installations(): Promise<number[]>;
  installedRepositories(installationId: number): Promise<InstalledRepository[]>;
  /** The id of a repository, by the name it has now. */
  repositoryId(entrance: Entrance, at: { owner: string; name: string }): Promise<number>;
  /** A fresh token for this repository alone, contents:write, for one push or fetch. */
  gitToken(repo: RepositoryRef): Promise<string>;
  /** GitHub's attempts to deliver webhooks to the app since a moment, newest first; `complete`: back to that moment. */
  listDeliveries(options: {
    since: Date;
    signal?: AbortSignal;
  }): Promise<{ attempts: DeliveryAttempt[]; complete: boolean }>;
  /** Asks GitHub for another attempt at a delivery, by the id of any attempt. */
  redeliver(attemptId: string): Promise<void>;
  /** Our check runs that are not completed, on the heads of `nofx/…` branches. */
  listOpenChecks(repo: RepositoryRef, signal?: AbortSignal): Promise<OpenCheck[]>;
  /** The checks of other apps that failed on a commit, as each ran last; of many the first few. */
  failedChecks(repo: RepositoryRef, sha: string): Promise<FailedCheck[]>;
  /** Completes a check run as cancelled. */
  cancelCheck(repo: RepositoryRef, id: number, output: { title: string; summary: string }): Promise<void>;
  /** The app's own name and noreply address: `nofx[bot]`. */
  appIdentity(): Promise<{ name: string; email: string; slug: string }>;
};
