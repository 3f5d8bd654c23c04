import { z } from 'zod';

export const GitMode = z.enum(['hidden', 'basic', 'advanced']);
export type GitMode = z.infer<typeof GitMode>;

export const WorkspaceMode = z.enum(['local_path', 'clone', 'worktree']);
export type WorkspaceMode = z.infer<typeof WorkspaceMode>;

/** Where a run's files come from and go to. Keyed by repository id: names and owners change. */
export const Project = z.object({
  /** `gh_<repository id>` for an installed repository. */
  id: z.string(),
  /** `owner/name` as last seen. */
  name: z.string(),
  /** https address without credentials; null for a local project. */
  repoUrl: z.string().nullable(),
  localPath: z.string().nullable(),
  workspaceMode: WorkspaceMode,
  gitMode: GitMode,
  defaultBranch: z.string(),
  installationId: z.number().int().nullable(),
  repositoryId: z.number().int().nullable(),
});
export type Project = z.infer<typeof Project>;

/** The project of a repository on GitHub. */
export function projectIdOf({ repositoryId }: { repositoryId: number }): string {
  return `gh_${repositoryId}`;
}
