import type { Project } from '../domain/project.ts';
import { placeOf } from '../domain/repo-url.ts';
import type { RepositoryRef } from '../github/port.ts';
import { accessOf, githubOf } from '../handlers/access.ts';
import type { Deps } from './deps.ts';

/** What there is at a project's place now. */
export type Seen = {
  /** with its names as they are now */
  project: Project;
  /** as GitHub knows it; null where it is somewhere else */
  ref: RepositoryRef | null;
  htmlUrl: string | null;
  defaultBranch: string;
  /** the commit that it points to */
  defaultHead: string;
};

/** Looks a project up where it is. UserError says what is in the way: nothing there, no credential, an empty repository. */
export async function lookAt(deps: Pick<Deps, 'adapters'>, project: Project): Promise<Seen> {
  const { github } = deps.adapters;
  const ref = await findOnGitHub(deps, project);
  if (ref === null) {
    const access = accessOf({ ...deps, project, signal: AbortSignal.timeout(60_000) });
    const { branch, sha } = await deps.adapters.workspaces.head(access);
    return {
      project: { ...project, defaultBranch: branch },
      ref,
      htmlUrl: null,
      defaultBranch: branch,
      defaultHead: sha,
    };
  }
  const { owner, name, cloneUrl, defaultBranch, defaultHead, htmlUrl } = await github.repository(ref);
  const isInstalled = project.installationId !== null;
  return {
    project: {
      ...project,
      ...(isInstalled && { name: `${owner}/${name}` }),
      repoUrl: cloneUrl,
      defaultBranch,
      repositoryId: ref.repositoryId,
    },
    ref: { ...ref, owner, name },
    htmlUrl,
    defaultBranch,
    defaultHead,
  };
}

/** Where GitHub is entered by a personal token, and the id is not known yet, it is asked for by name. */
async function findOnGitHub({ adapters }: Pick<Deps, 'adapters'>, project: Project): Promise<RepositoryRef | null> {
  const known = githubOf(project);
  const { tokenEnv, repoUrl } = project;
  if (known !== null || tokenEnv === null || repoUrl === null) return known;
  const { host, owner, name } = placeOf(repoUrl);
  if (host !== adapters.host || owner === null || name === null) return null;
  const repositoryId = await adapters.github.repositoryId({ tokenEnv }, { owner, name });
  return { tokenEnv, repositoryId, owner, name };
}
