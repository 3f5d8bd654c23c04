import type { FileMode } from '../domain/change-set.ts';
import type { Project } from '../domain/project.ts';

/** What the rest of the house may know of this room. */

/** Gives a credential for one git command; null when the remote asks for none. */
export type Credentials = () => Promise<{ username: string; password: string } | null>;

/**
 * A change read from a scratch checkout or about to be written: like a FileChange, with its bytes.
 * The bytes are the blob as git stores it (a symlink's: its target), so a commit made of them has
 * the very tree that git would have committed from the checkout.
 */
export type ContentChange =
  | {
      status: 'added' | 'modified' | 'renamed';
      path: string;
      mode: FileMode;
      /** Only where status is 'modified'. */
      previousMode?: FileMode;
      /** Only where status is 'renamed'. */
      previousPath?: string;
      binary: boolean;
      /** Added and removed, where it was read from a checkout; 0 for a binary file. */
      lines?: number;
      bytes: Buffer;
    }
  | { status: 'deleted'; path: string; lines?: number };

export type CommitMeta = {
  message: string;
  author: { name: string; email: string };
  /** Author and committer date. Fixed per run, so that the same work has the same SHA on every attempt. */
  date: Date;
  /** commits beside the base that it comes from */
  merged?: readonly string[] | undefined;
};

/** The files of a commit, with changes made to it. */
export type Files = { commit: string; changes?: readonly ContentChange[] };

/** A throw-away checkout for a model to work in. */
export type Scratch = {
  /** absolute path of the checkout */
  path: string;
  /** the commit it was made from */
  base: string;
  /**
   * What changed against `base`, as git sees it. Nothing in the checkout is trusted: no hook, filter, or nested repository
   * runs. `signal`, where the one it was opened with is aborted already.
   */
  readChanges(signal?: AbortSignal): Promise<ContentChange[]>;
  /** Whether .gitignore keeps a new file of that path out of the changes. */
  ignores(path: string): Promise<boolean>;
  dispose(): Promise<void>;
};

/** A run's isolated checkout on its branch. */
export type Workspace = {
  path: string;
  base: string;
  /** What git needs to read when a command runs it inside `path`: for SandboxCommand.readOnly. */
  gitPaths: string[];
  /** the commit checked out now */
  head(): Promise<string>;
  /** the paths of its regular files, whatever has been done to the checkout since */
  files(): Promise<string[]>;
  /**
   * Puts the workspace back to `base`, writes the changes (each path confined to the workspace) and
   * commits them. The same changes and meta give the same SHA. UserError for a path that may not be written.
   */
  commit(changes: ContentChange[], meta: CommitMeta): Promise<{ sha: string }>;
  /** Unified diff base..head, for people: the beginning of a very large one, which says so. */
  diff(): Promise<string>;
};

/** The files of a commit as git has them. */
export type BaseFiles = {
  /** names at the top level; folders end in `/` */
  names: string[];
  /** The start of a regular file at any depth (`package.json`, `docs/guide.md`); null when there is none of that path (a link is none). */
  text(path: string, limitBytes: number): Promise<string | null>;
  /** The paths of all its regular files. */
  files(): Promise<string[]>;
};

/** What this room needs to know of a project. */
export type Place = Pick<Project, 'id' | 'name' | 'repoUrl' | 'localPath' | 'workspaceMode' | 'defaultBranch'>;

export type RepositoryAccess = { project: Place; credentials: Credentials; signal?: AbortSignal };

export type TidyOptions = {
  /** Which of these runs are not over. */
  inUse(runIds: string[]): Promise<ReadonlySet<string>>;
  /** The projects with a run that is not over. */
  projectsInUse(): Promise<ReadonlySet<string>>;
  /** Since their last use, in ms: checkouts and scratch folders, mirrors, temporary folders. */
  checkoutsAfterMs: number;
  mirrorsAfterMs: number;
  temporaryAfterMs: number;
  signal?: AbortSignal;
};

export type Workspaces = {
  /** Fetches `ref` (branch, or a full SHA) into the project's mirror and gives its SHA. UserError when it is empty or missing. */
  resolve(access: RepositoryAccess, ref: string): Promise<string>;
  /** UserError unless a local project's place is a git repository in an allowed folder. */
  checkLocal(project: Place): Promise<void>;
  /** UserError where git may not go to a project's address. A host that cannot be found now is no mistake. */
  checkRemote(project: Place): Promise<void>;
  /** The branch that its HEAD names, and the commit there. UserError when it is empty, or cannot be reached. */
  head(access: RepositoryAccess): Promise<{ branch: string; sha: string }>;
  /** The outermost files of `base`: what a run may believe about a repository before anyone changed it. */
  readBase(access: RepositoryAccess, base: string): Promise<BaseFiles>;
  /**
   * `key` is unique to the attempt: a scratch is never shared. `changes` are those made to `base` before, which are in it
   * from the start; UserError for a path that may not be written.
   */
  openScratch(
    access: RepositoryAccess,
    options: { key: string; base: string; changes?: ContentChange[]; protectedPaths?: readonly string[] },
  ): Promise<Scratch>;
  /** Finds or makes the run's workspace at `base`. Any machine can: it is a cache. */
  openWorkspace(
    access: RepositoryAccess,
    options: {
      key: string;
      base: string;
      branch: string;
      /** Patterns of paths that no commit of it may touch; domain/paths.ts says which unless told. */
      protectedPaths?: readonly string[];
      /** commits that will be its commits' parents, beside the base */
      merged?: readonly string[] | undefined;
    },
  ): Promise<Workspace>;
  /**
   * What has become of `ancestor` on two ways, in one; as changes to the commit of `ours`. The files of `conflicts` hold the
   * marks of both sides.
   */
  merge(
    access: RepositoryAccess,
    sides: { ours: Files; theirs: Files; ancestor: Files },
  ): Promise<{ changes: ContentChange[]; conflicts: string[] }>;
  /**
   * Pushes a commit of ours to `branch` (always `nofx/…`) unless the remote moved away from
   * `expected` (null: must not exist yet). Pushing what is already there succeeds.
   */
  push(access: RepositoryAccess, options: { sha: string; branch: string; expected: string | null }): Promise<void>;
  /** Whether a commit that `Workspace.commit` made, on `branch` as a rule, is on this machine, for `push`. */
  has(access: RepositoryAccess, commit: { sha: string; branch: string }): Promise<boolean>;
  /** The tree of such a commit: all of its files, in one name. */
  treeOf(access: RepositoryAccess, sha: string): Promise<string>;
  removeWorkspace(access: RepositoryAccess, key: string): Promise<void>;
  /** Removes from this disk what no unfinished run needs; gives the paths that are gone. */
  tidy(options: TidyOptions): Promise<string[]>;
};

export type SandboxCommand = {
  /** Run by `sh -c` inside the sandbox. Never put user text in here. */
  command: string;
  /** Bound read-write; the only part of the machine the command can change. */
  cwd: string;
  /** Paths bound read-only on top, e.g. the workspace's `.git`. */
  readOnly?: string[];
  /** `none`, or https hosts the command may reach through the filtering proxy. */
  network: 'none' | { domains: string[] };
  /** The whole environment beyond PATH, HOME, TMPDIR, LANG and CI. */
  env?: Record<string, string>;
  /** Kept between commands of one step (caches made by set-up); its own temporary one when absent. */
  home?: string;
  limits?: Partial<SandboxLimits>;
  signal?: AbortSignal;
  /** Called with output as it comes (already decoded, not redacted). */
  onOutput?: (chunk: string) => void;
};

export type SandboxLimits = {
  timeMs: number;
  memoryBytes: number;
  processes: number;
  outputBytes: number;
  fileBytes: number;
};

export type CommandResult = {
  outcome: 'exited' | 'timed_out' | 'aborted' | 'killed';
  /** null unless outcome is 'exited' */
  exitCode: number | null;
  /** stdout and stderr as they came; the middle is left out past `outputBytes`, and says so. Escapes removed, not redacted. */
  output: string;
  durationMs: number;
};

export type Sandbox = {
  /** `bubblewrap`; `off` when NOFX_SANDBOX=off; `missing` when there is none and commands are refused. */
  kind: 'bubblewrap' | 'off' | 'missing';
  /** An empty HOME that several commands share: what set-up caches there, the tests find. */
  makeHome(): Promise<{ path: string; dispose(): Promise<void> }>;
  /** UserError when kind is 'missing'. A failing command is a value. */
  run(command: SandboxCommand): Promise<CommandResult>;
};
