import { UserError } from '../errors.ts';
import type { RepositoryRef } from '../github/port.ts';
import type { RepositoryAccess } from '../workspace/port.ts';
import type { StepContext } from './handler.ts';

/** The run's repository as GitHub knows it. UserError for a project that is not on GitHub. */
export function repositoryOf({ project }: Pick<StepContext, 'project'>): RepositoryRef {
  const [owner, name] = project.name.split('/');
  if (project.installationId === null || project.repositoryId === null || !owner || !name) {
    throw new UserError(
      `The project ${project.name} is not a repository the app is installed on.`,
      'Install the app on it, or leave out the pull request.',
    );
  }
  return { installationId: project.installationId, repositoryId: project.repositoryId, owner, name };
}

/** How git reaches the run's repository: with a fresh token, asked for each time, kept nowhere. */
export function accessOf(context: Pick<StepContext, 'project' | 'adapters' | 'signal'>): RepositoryAccess {
  const { project, adapters, signal } = context;
  return {
    project,
    signal,
    async credentials() {
      if (project.installationId === null) return null;
      return { username: 'x-access-token', password: await adapters.github.gitToken(repositoryOf(context)) };
    },
  };
}
