import { credentialOf } from '../domain/personal-token.ts';
import type { Project } from '../domain/project.ts';
import { placeOf } from '../domain/repo-url.ts';
import { UserError } from '../errors.ts';
import type { RepositoryRef } from '../github/port.ts';
import type { RepositoryAccess } from '../workspace/port.ts';
import type { StepContext } from './handler.ts';

/** The project's repository as GitHub knows it; null where it is somewhere else, or was not looked at yet. */
export function githubOf(
  project: Pick<Project, 'repoUrl' | 'repositoryId' | 'installationId' | 'tokenEnv'>,
): RepositoryRef | null {
  const { repoUrl, repositoryId, installationId, tokenEnv } = project;
  if (repoUrl === null || repositoryId === null) return null;
  const { owner, name } = placeOf(repoUrl);
  if (owner === null || name === null) return null;
  const at = { repositoryId, owner, name };
  if (installationId !== null) return { installationId, ...at };
  return tokenEnv === null ? null : { tokenEnv, ...at };
}

/** Whether checks can be written there, and commits signed by GitHub: that takes the app. */
export function hasApp({ installationId }: Pick<Project, 'installationId'>): boolean {
  return installationId !== null;
}

/** The same. UserError for a project that is not on GitHub. */
export function repositoryOf({ project }: Pick<StepContext, 'project'>): RepositoryRef {
  const repository = githubOf(project);
  if (repository !== null) return repository;
  throw new UserError(
    `The project ${project.name} is not a repository on GitHub that NOFX may enter.`,
    'Install the app on it, or leave out the pull request.',
  );
}

/** How git reaches the run's repository: with a fresh token, asked for each time, kept nowhere. */
export function accessOf(context: Pick<StepContext, 'project' | 'adapters' | 'signal'>): RepositoryAccess {
  const { project, adapters, signal } = context;
  return {
    project,
    signal,
    async credentials() {
      const { repoUrl, installationId, tokenEnv } = project;
      if (installationId !== null) {
        return { username: 'x-access-token', password: await adapters.github.gitToken(repositoryOf(context)) };
      }
      return tokenEnv === null || repoUrl === null ? null : credentialOf(adapters.tokenOf(tokenEnv), repoUrl);
    },
  };
}
