import { isAbsolute, resolve } from 'node:path';
import type { Project as ProjectRow } from '../domain/project.ts';
import { placeOf, repoUrlMistake } from '../domain/repo-url.ts';
import { UserError } from '../errors.ts';
import type { NewProject as Place } from '../runs/change-projects.ts';
import type { ApiDeps } from './env.ts';
import { ApiProblem, type Mistake } from './problem.ts';
import type { NewProject, ProjectChange } from './project-requests.ts';

type Room = Pick<ApiDeps, 'adapters'>;

const mistake = (field: string, message: string): Mistake => ({ in: 'json', field, message });

/** Where a new project is, and all that is wrong with that. */
export async function placeOfNew(deps: Room, wanted: NewProject): Promise<{ mistakes: Mistake[]; place: Place }> {
  const { repo_url: repoUrl = null, local_path: path = null, token_env: tokenEnv = null } = wanted;
  // One place is written in one way.
  const localPath = path !== null && isAbsolute(path) ? resolve(path) : path;
  const isLocal = wanted.workspace_mode === 'local_path' || (localPath !== null && repoUrl === null);
  const place: Place = {
    name: wanted.name,
    repoUrl: repoUrl !== null && URL.canParse(repoUrl) ? new URL(repoUrl).href : repoUrl,
    localPath,
    workspaceMode: wanted.workspace_mode ?? (isLocal ? 'local_path' : 'worktree'),
    gitMode: wanted.git_mode,
    baseBranch: wanted.default_branch ?? null,
    tokenEnv,
  };
  const mistakes = await (isLocal ? localMistakes : remoteMistakes)(deps, place);
  return { mistakes, place };
}

async function localMistakes({ adapters }: Room, place: Place): Promise<Mistake[]> {
  const found: Mistake[] = [];
  if (place.workspaceMode !== 'local_path') found.push(mistake('workspace_mode', 'is local_path beside `local_path`'));
  if (place.repoUrl !== null) found.push(mistake('repo_url', 'does not go with a local path: it is one or the other'));
  if (place.tokenEnv !== null) found.push(mistake('token_env', 'is of no use to a local path'));
  if (place.localPath === null) return [...found, mistake('local_path', 'is needed with `workspace_mode: local_path`')];
  return [...found, ...(await refusal('local_path', () => adapters.workspaces.checkLocal(yetToBe(place))))];
}

async function remoteMistakes({ adapters }: Room, place: Place): Promise<Mistake[]> {
  const { repoUrl, localPath, tokenEnv } = place;
  const found = localPath === null ? [] : [mistake('local_path', 'goes with `workspace_mode: local_path` only')];
  if (repoUrl === null) return [...found, mistake('repo_url', 'is needed, or `local_path`')];
  const wrong = repoUrlMistake(repoUrl, adapters);
  if (wrong !== null)
    return [...found, mistake('repo_url', `${wrong}: give the https address, without user or password`)];
  const refused = await refusal('repo_url', () => adapters.workspaces.checkRemote(yetToBe(place)));
  return [...found, ...refused, ...tokenMistakes(adapters, repoUrl, tokenEnv)];
}

/** A project before it is one. */
const yetToBe = (place: Place) => ({ ...place, id: 'p_new', defaultBranch: null });

/** What a check refuses, as a mistake of the field. */
async function refusal(field: string, check: () => Promise<void>): Promise<Mistake[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [mistake(field, `${error.message} ${error.next}`)];
  }
}

/** A token of GitHub's is sent to GitHub and to nobody else. */
function tokenMistakes({ host }: Room['adapters'], repoUrl: string, tokenEnv: string | null): Mistake[] {
  if (tokenEnv !== 'GITHUB_TOKEN' || placeOf(repoUrl).host === host) return [];
  return [
    mistake('token_env', `GITHUB_TOKEN is for ${host} only: name GIT_TOKEN, or one that begins with NOFX_TOKEN_`),
  ];
}

/** What is told of a place that is another project's. */
export function takenBy({ id, name, installationId }: ProjectRow): ApiProblem {
  return new ApiProblem('conflict', {
    detail: `That is a project already: ${id} (${name}).`,
    next: installationId === null ? 'Change that one.' : 'The app is on it: runs there need no token.',
  });
}

/** What cannot be changed of this project. */
export function mistakesOfChange({ adapters }: Room, project: ProjectRow, wanted: ProjectChange): Mistake[] {
  const found: Mistake[] = [];
  const { repoUrl, installationId, localPath } = project;
  if (wanted.name !== undefined && installationId !== null)
    found.push(mistake('name', 'is that of the repository on GitHub'));
  if (wanted.workspace_mode !== undefined && localPath !== null)
    found.push(mistake('workspace_mode', 'stays local_path: the project is on this disk'));
  if (wanted.token_env === undefined || wanted.token_env === null) return found;
  if (installationId !== null) found.push(mistake('token_env', 'is of no use where the app is'));
  else if (repoUrl === null) found.push(mistake('token_env', 'is of no use to a local path'));
  else found.push(...tokenMistakes(adapters, repoUrl, wanted.token_env));
  return found;
}
