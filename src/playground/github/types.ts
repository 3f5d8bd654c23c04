/** What the stand-in remembers: GitHub's things as plain records. JSON shapes are made in `shape-*.ts`. */

export type Account = {
  id: number;
  login: string;
  type: 'User' | 'Organization' | 'Bot';
  name: string | null;
  createdAt: Date;
};

export type Role = 'read' | 'triage' | 'write' | 'maintain' | 'admin';

/** `read` or `write` for each of GitHub's permission names. */
export type Permissions = Record<string, string>;

export type Label = { id: number; name: string; color: string; description: string | null; default: boolean };

export type Reaction = { id: number; content: ReactionContent; user: Account; createdAt: Date };
export type ReactionContent = '+1' | '-1' | 'laugh' | 'confused' | 'heart' | 'hooray' | 'rocket' | 'eyes';

export type Comment = {
  id: number;
  issue: Issue;
  body: string;
  user: Account;
  reactions: Reaction[];
  createdAt: Date;
  updatedAt: Date;
};

export type Issue = {
  id: number;
  number: number;
  repo: Repository;
  title: string;
  body: string | null;
  user: Account;
  state: 'open' | 'closed';
  stateReason: 'completed' | 'not_planned' | 'reopened' | null;
  labels: Label[];
  assignees: Account[];
  comments: Comment[];
  reactions: Reaction[];
  createdAt: Date;
  updatedAt: Date;
  closedAt: Date | null;
  /** Set when this issue is a pull request, as on GitHub, where both share one row of numbers. */
  pull?: Pull;
};

export type Pull = {
  id: number;
  issue: Issue;
  head: { ref: string; sha: string };
  base: { ref: string; sha: string };
  draft: boolean;
  maintainerCanModify: boolean;
  merged: { at: Date; by: Account; sha: string } | null;
  reviews: Review[];
  requestedReviewers: Account[];
  requestedTeams: Team[];
};

/** A team of an organization; its members have `role` in the repositories it was given. */
export type Team = { id: number; org: Account; slug: string; members: Set<string>; repositories: Map<number, Role> };

export type Review = {
  id: number;
  user: Account;
  body: string;
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED';
  commitId: string;
  submittedAt: Date;
};

/** What somebody said beside a line of a pull request. */
export type ReviewComment = {
  id: number;
  pull: Pull;
  review: Review;
  /** the first of its thread; null where it is that itself */
  inReplyTo: ReviewComment | null;
  path: string;
  line: number;
  diffHunk: string;
  body: string;
  user: Account;
  reactions: Reaction[];
  createdAt: Date;
  updatedAt: Date;
};

export type Annotation = {
  path: string;
  start_line: number;
  end_line: number;
  start_column?: number;
  end_column?: number;
  annotation_level: string;
  message: string;
  title?: string;
  raw_details?: string;
};

export type CheckSuite = {
  id: number;
  repo: Repository;
  headSha: string;
  headBranch: string | null;
  createdAt: Date;
  /** the app that runs its checks, where it is not the one that is here: `github-actions` */
  otherApp?: string;
};

export type CheckRun = {
  id: number;
  suite: CheckSuite;
  repo: Repository;
  name: string;
  headSha: string;
  externalId: string;
  detailsUrl: string | null;
  status: string;
  conclusion: string | null;
  startedAt: Date | null;
  completedAt: Date | null;
  output: { title: string | null; summary: string | null; text: string | null };
  annotations: Annotation[];
  actions: { label: string; description: string; identifier: string }[];
};

export type Repository = {
  id: number;
  owner: Account;
  name: string;
  description: string | null;
  private: boolean;
  archived: boolean;
  defaultBranch: string;
  /** Nobody but people pushes here. */
  protectedBranches: Set<string>;
  collaborators: Map<string, Role>;
  labels: Map<string, Label>;
  issues: Map<number, Issue>;
  nextNumber: number;
  /** The bare repository. */
  dir: string;
  /** Branches as last seen (name → SHA): the difference to git's own is what was pushed. */
  knownBranches: Map<string, string>;
  createdAt: Date;
  updatedAt: Date;
  pushedAt: Date | null;
};

export type Installation = {
  id: number;
  account: Account;
  /** `null` means all of the account's repositories. */
  repositoryIds: Set<number> | null;
  permissions: Permissions;
  suspendedAt: Date | null;
  createdAt: Date;
};

export type InstallationToken = {
  value: string;
  installation: Installation;
  /** `null` means all that the installation may see. */
  repositoryIds: Set<number> | null;
  permissions: Permissions;
  expiresAt: Date;
};

/** The one app that this stand-in knows. */
export type App = {
  id: number;
  slug: string;
  name: string;
  clientId: string;
  owner: Account;
  bot: Account;
  /** PEM, PKCS #1 */
  privateKey: string;
  publicKey: string;
  permissions: Permissions;
  events: string[];
  createdAt: Date;
};

/** What an app is registered from. */
export type Manifest = {
  name: string;
  redirect_url: string;
  hook_attributes: { url: string };
  default_permissions: Permissions;
  default_events: string[];
};

/** Something happened. `body` holds the event's own fields; repository, sender and the rest are added. */
export type Emission = {
  event: string;
  action?: string;
  sender: Account;
  body: Record<string, unknown> | Promise<Record<string, unknown>>;
  repo?: Repository;
  installation?: Installation;
};
