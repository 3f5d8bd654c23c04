import { getProject } from '../db/projects.ts';
import { parseRepoConfig, type ConfigProblem } from '../domain/parse-repo-config.ts';
import { projectIdOf, type Project } from '../domain/project.ts';
import { mergeRepoConfigs, REPO_CONFIG_PATH, type RepoConfig } from '../domain/repo-config.ts';
import type { ConfigSources } from '../domain/report-config.ts';
import { runConfigOf, type RunConfig } from '../domain/run-config.ts';
import { UserError } from '../errors.ts';
import type { RepositoryRef } from '../github/port.ts';
import type { Deps } from './deps.ts';

/** What an organization keeps for all of its repositories is in this one of its own. */
const DEFAULTS_REPOSITORY = '.github';

/** A configuration file, and how people are told of it; `text: null`: there is none. */
export type ConfigFile = { where: string; text: string | null };

type Found = { where: string; value: RepoConfig } | { where: string; errors: ConfigProblem[] };

/** What was settled for a project from outside of its repository. */
export type Settled = Pick<Project, 'gitMode' | 'workspaceMode' | 'baseBranch'>;

/**
 * What holds in a repository: its `.github/nofx.yml` at a commit of its default branch, the newest unless told (never of a pull request's:
 * what it says decides which commands run), over the one in its owner's repository `.github`, over what is settled for the project,
 * over the defaults. UserError lists every mistake of both files.
 */
export async function readConfig(
  deps: Pick<Deps, 'adapters' | 'db'>,
  repository: RepositoryRef,
  options?: { defaultHead?: string; settled?: Settled | null },
): Promise<RunConfig> {
  return (await readConfigFiles(deps, repository, options)).config;
}

/** The same, and which files there are. */
export async function readConfigFiles(
  { adapters, db }: Pick<Deps, 'adapters' | 'db'>,
  repository: RepositoryRef,
  { defaultHead, settled }: { defaultHead?: string; settled?: Settled | null } = {},
): Promise<{ config: RunConfig; sources: ConfigSources }> {
  const { github } = adapters;
  const isItself = repository.name.toLowerCase() === DEFAULTS_REPOSITORY;
  const [own, defaults, project] = await Promise.all([
    github.readFile(repository, REPO_CONFIG_PATH, defaultHead),
    isItself ? null : github.readFile({ ...repository, name: DEFAULTS_REPOSITORY }, REPO_CONFIG_PATH),
    settled === undefined ? getProject(db, projectIdOf(repository)) : settled,
  ]);
  const config = configOf(
    [
      { where: `\`${REPO_CONFIG_PATH}\``, text: own },
      { where: `\`${REPO_CONFIG_PATH}\` of ${repository.owner}/${DEFAULTS_REPOSITORY}`, text: defaults },
    ],
    project,
  );
  return {
    config,
    sources: {
      own: own !== null,
      organization: defaults === null ? null : `${repository.owner}/${DEFAULTS_REPOSITORY}`,
    },
  };
}

/** What these files say, each over those behind it, over what is settled for the project. UserError lists every mistake. */
export function configOf(files: ConfigFile[], settled: Settled | null): RunConfig {
  const found = files.map(({ where, text }) => read(where, text));
  const faulty = found.filter((file) => 'errors' in file);
  if (faulty.length > 0) throw mistakes(faulty);
  const values = found.map((file) => ('value' in file ? file.value : {}));
  return runConfigOf([...values, outside(settled)].reduceRight((below, own) => mergeRepoConfigs(own, below)));
}

function outside(settled: Settled | null): RepoConfig {
  if (settled === null) return {};
  const { gitMode, workspaceMode, baseBranch } = settled;
  return {
    git_mode: gitMode,
    ...(workspaceMode !== 'local_path' && { workspace_mode: workspaceMode }),
    ...(baseBranch !== null && { base: baseBranch }),
  };
}

/** The same as `readConfig`; null where it has mistakes: for whoever asked for nothing yet. A run that is started names them. */
export async function readSoundConfig(
  deps: Pick<Deps, 'adapters' | 'db'>,
  repository: RepositoryRef,
): Promise<RunConfig | null> {
  try {
    return await readConfig(deps, repository);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** The label that starts a run; `fallback` where the repository names none, or its configuration has mistakes. */
export async function startingLabel(
  deps: Pick<Deps, 'adapters' | 'db'>,
  repository: RepositoryRef,
  fallback: string,
): Promise<string> {
  return (await readSoundConfig(deps, repository))?.label ?? fallback;
}

function read(where: string, text: string | null): Found {
  const parsed = parseRepoConfig(text ?? '');
  return parsed.ok ? { where, value: parsed.value } : { where, errors: parsed.errors };
}

function mistakes(files: { where: string; errors: ConfigProblem[] }[]): UserError {
  const listed = files.map(({ where, errors }) => {
    const lines = errors.map(({ line, message }) => `- line ${line}: ${message}`);
    return `${where} has ${lines.length === 1 ? 'a mistake' : 'mistakes'}:\n\n${lines.join('\n')}`;
  });
  return new UserError(listed.join('\n\n'), 'Correct that on the default branch, then comment the command again.');
}
