import { getProject } from '../db/projects.ts';
import { spentToday } from '../db/spending.ts';
import { budgetUsedUp } from '../domain/budget.ts';
import type { RunOptions } from '../domain/command-options.ts';
import { projectIdOf, type Project } from '../domain/project.ts';
import { REPO_CONFIG_PATH } from '../domain/repo-config.ts';
import { withOptions, type RunConfig } from '../domain/run-config.ts';
import { UserError } from '../errors.ts';
import type { RepositoryRef } from '../github/port.ts';
import { accessOf, githubOf } from '../handlers/access.ts';
import type { Deps } from './deps.ts';
import { lookAt, type Seen } from './look-at.ts';
import { configOf, readConfig } from './read-config.ts';

/** A project as it is when a run is asked for, and what holds in it. */
export type Ground = Seen & { config: RunConfig };

/** The same on GitHub. */
export type GitHubGround = Ground & { ref: RepositoryRef; htmlUrl: string };

/** What is settled for a repository that nobody has settled anything for. */
const UNSETTLED = {
  localPath: null,
  workspaceMode: 'worktree',
  gitMode: 'basic',
  baseBranch: null,
  tokenEnv: null,
  syncedAt: null,
  removedAt: null,
} as const;

/** Looks up a repository that the app is on, and its configuration. UserError where it has mistakes, or nothing may be spent today. */
export async function standOn(
  deps: Deps,
  demand: { repository: RepositoryRef; options: RunOptions },
): Promise<GitHubGround> {
  const { repositoryId, installationId = null } = demand.repository;
  const id = projectIdOf(demand.repository);
  const { owner, name, cloneUrl, defaultBranch, defaultHead, htmlUrl } = await deps.adapters.github.repository(
    demand.repository,
  );
  const project: Project = {
    ...((await getProject(deps.db, id)) ?? UNSETTLED),
    id,
    name: `${owner}/${name}`,
    repoUrl: cloneUrl,
    defaultBranch,
    installationId,
    repositoryId,
  };
  const ref = { ...demand.repository, owner, name };
  const config = withOptions(await readConfig(deps, ref, { defaultHead, settled: project }), demand.options);
  await checkDay(deps, id, config);
  return { project, ref, htmlUrl, defaultBranch, defaultHead, config };
}

/** The same for any project, wherever it is. UserError also where nothing could be handed in. */
export async function standIn(deps: Deps, project: Project): Promise<Ground> {
  const ref = githubOf(project);
  if (project.installationId !== null && ref !== null) return standOn(deps, { repository: ref, options: {} });
  if (project.tokenEnv === null && project.localPath === null) {
    throw new UserError(
      `Nothing could be pushed to ${project.name}: the project names no token, and the app is not on it.`,
      'Give it the name of the variable that holds one: `PATCH /projects/{id}` with `token_env`.',
    );
  }
  const seen = await lookAt(deps, project);
  const config =
    seen.ref === null
      ? await configByGit(deps, seen)
      : await readConfig(deps, seen.ref, { defaultHead: seen.defaultHead, settled: seen.project });
  await checkDay(deps, project.id, config);
  return { ...seen, config };
}

const SMALL_BYTES = 256 * 1024;

async function configByGit(deps: Deps, { project, defaultHead }: Seen): Promise<RunConfig> {
  const access = accessOf({ ...deps, project, signal: AbortSignal.timeout(120_000) });
  const base = await deps.adapters.workspaces.readBase(access, defaultHead);
  const text = await base.text(REPO_CONFIG_PATH, SMALL_BYTES);
  return configOf([{ where: `\`${REPO_CONFIG_PATH}\``, text }], project);
}

/** UserError where the project has spent what it may in a day: a run would end with its first request. */
async function checkDay({ db }: Deps, projectId: string, { budgets }: RunConfig): Promise<void> {
  const { perRunUsd, perDayUsd: dayUsd } = budgets;
  if (dayUsd === null) return;
  const spent = (await spentToday(db, projectId)).cappedUsd;
  if (spent < dayUsd) return;
  const { message, next } = budgetUsedUp({ usd: 0, of: 'day', limitUsd: dayUsd, spentUsd: spent }, { perRunUsd });
  throw new UserError(message, next);
}
