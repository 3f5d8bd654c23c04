import { parseRepoConfig, type ConfigProblem } from '../domain/parse-repo-config.ts';
import { mergeRepoConfigs, REPO_CONFIG_PATH, type RepoConfig } from '../domain/repo-config.ts';
import type { ConfigSources } from '../domain/report-config.ts';
import { runConfigOf, type RunConfig } from '../domain/run-config.ts';
import { UserError } from '../errors.ts';
import type { RepositoryRef } from '../github/port.ts';
import type { Deps } from './deps.ts';

/** What an organization keeps for all of its repositories is in this one of its own. */
const DEFAULTS_REPOSITORY = '.github';

type Found = { where: string; value: RepoConfig } | { where: string; errors: ConfigProblem[] };

/**
 * What holds in a repository: its `.github/nofx.yml` at a commit of its default branch, the newest unless told (never of a pull request's:
 * what it says decides which commands run), over the one in its owner's repository `.github`, over the defaults.
 * UserError lists every mistake of both files.
 */
export async function readConfig(
  deps: Pick<Deps, 'adapters'>,
  repository: RepositoryRef,
  defaultHead?: string,
): Promise<RunConfig> {
  return (await readConfigFiles(deps, repository, defaultHead)).config;
}

/** The same, and which files there are. */
export async function readConfigFiles(
  { adapters }: Pick<Deps, 'adapters'>,
  repository: RepositoryRef,
  defaultHead?: string,
): Promise<{ config: RunConfig; sources: ConfigSources }> {
  const { github } = adapters;
  const isItself = repository.name.toLowerCase() === DEFAULTS_REPOSITORY;
  const [own, defaults] = await Promise.all([
    github.readFile(repository, REPO_CONFIG_PATH, defaultHead),
    isItself ? null : github.readFile({ ...repository, name: DEFAULTS_REPOSITORY }, REPO_CONFIG_PATH),
  ]);
  const found = [
    read(`\`${REPO_CONFIG_PATH}\``, own),
    read(`\`${REPO_CONFIG_PATH}\` of ${repository.owner}/${DEFAULTS_REPOSITORY}`, defaults),
  ];
  const faulty = found.filter((file) => 'errors' in file);
  if (faulty.length > 0) throw mistakes(faulty);
  const [mine, theirs] = found.map((file) => ('value' in file ? file.value : {}));
  return {
    config: runConfigOf(mergeRepoConfigs(mine!, theirs!)),
    sources: {
      own: own !== null,
      organization: defaults === null ? null : `${repository.owner}/${DEFAULTS_REPOSITORY}`,
    },
  };
}

/** The same; null where it has mistakes: for whoever asked for nothing yet. A run that is started names them. */
export async function readSoundConfig(
  deps: Pick<Deps, 'adapters'>,
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
  deps: Pick<Deps, 'adapters'>,
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
  return new UserError(listed.join('\n\n'), 'Correct them on the default branch, then comment the command again.');
}
