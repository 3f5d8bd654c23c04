import { z } from 'zod';

export const GitMode = z.enum(['hidden', 'basic', 'advanced']);
export type GitMode = z.infer<typeof GitMode>;

export const WorkspaceMode = z.enum(['local_path', 'clone', 'worktree']);
export type WorkspaceMode = z.infer<typeof WorkspaceMode>;

/** Where a run's files come from and go to. */
export const Project = z.object({
  /** `gh_<repository id>` for one the app is on: names and owners change. `p_…` for one that somebody made. */
  id: z.string(),
  /** `owner/name` as last seen, or what somebody called it */
  name: z.string(),
  /** https address without credentials; null for a local project. */
  repoUrl: z.string().nullable(),
  localPath: z.string().nullable(),
  /** holds where the repository's configuration does not say another; so does `gitMode` */
  workspaceMode: WorkspaceMode,
  gitMode: GitMode,
  /** the repository's own, as last seen; null where nobody has looked yet */
  defaultBranch: z.string().nullable(),
  installationId: z.number().int().nullable(),
  /** GitHub's; null where it is somewhere else, or nobody has looked yet */
  repositoryId: z.number().int().nullable(),
  /** where runs start, where somebody has settled that; null: at the default branch */
  baseBranch: z.string().nullable(),
  /** the environment variable that holds the personal token it is reached by; null where none is needed, or there is the app */
  tokenEnv: z.string().nullable(),
  /** since when its mirror is known to work */
  syncedAt: z.date().nullable(),
  /** since when the app is not on it any more */
  removedAt: z.date().nullable(),
});
export type Project = z.infer<typeof Project>;

/** What is seen of a project each time it is worked in. */
export type ProjectFacts = Omit<Project, 'baseBranch' | 'tokenEnv' | 'syncedAt' | 'removedAt'>;

/** The project of a repository on GitHub. */
export function projectIdOf({ repositoryId }: { repositoryId: number }): string {
  return `gh_${repositoryId}`;
}
