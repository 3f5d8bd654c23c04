import { detectCommands, READ_FOR_DETECTION, type Detected } from '../domain/detect.ts';
import { REPO_CONFIG_PATH } from '../domain/repo-config.ts';
import {
  proposedConfig,
  WELCOME_BRANCH,
  WELCOME_MARKER,
  WELCOME_TITLES,
  welcomeText,
  type WelcomeKind,
} from '../domain/welcome.ts';
import { UserError } from '../errors.ts';
import type { RepositoryRef } from '../github/port.ts';
import type { Deps } from './deps.ts';
import { startingLabel } from './read-config.ts';

/** GitHub asks for a second between two writes, and nobody asked for any of these. */
const MOST_AT_ONCE = 20;

/**
 * Says on repositories the app was just installed on what it can do and what it found, as the operator wants it. Those
 * that are configured already need no word. Doing it twice is doing it once. Gives what came of it, in a few words.
 */
export async function welcome(
  deps: Pick<Deps, 'adapters' | 'db' | 'log'>,
  repositories: RepositoryRef[],
  how: { kind: WelcomeKind; label: string },
): Promise<string> {
  if (repositories.length > MOST_AT_ONCE) return `ignored: installed on ${repositories.length} repositories at once`;
  let said = 0;
  for (const repository of repositories) {
    try {
      if (await welcomeTo(deps, repository, how)) said += 1;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      deps.log.info({ err: error, repository: repository.name }, 'no word of welcome');
    }
  }
  return `welcome said in ${said} of ${repositories.length}`;
}

/** False where the repository has a configuration. UserError where it is empty, archived or gone. */
async function welcomeTo(
  { adapters, db }: Pick<Deps, 'adapters' | 'db'>,
  repository: RepositoryRef,
  { kind, label }: { kind: WelcomeKind; label: string },
): Promise<boolean> {
  const { github } = adapters;
  const { defaultBranch, defaultHead } = await github.repository(repository);
  if ((await github.readFile(repository, REPO_CONFIG_PATH, defaultHead)) !== null) return false;
  const detected = await detect(adapters, repository, defaultHead);
  const title = WELCOME_TITLES[kind];
  const body = welcomeText(kind, detected, await startingLabel({ adapters, db }, repository, label));
  if (kind === 'issue') {
    await github.ensureIssue(repository, { marker: WELCOME_MARKER, title, body });
    return true;
  }
  await github.ensureBranch(repository, {
    branch: WELCOME_BRANCH,
    base: defaultHead,
    message: `${title}\n`,
    author: await github.appIdentity(),
    date: new Date(),
    files: { [REPO_CONFIG_PATH]: proposedConfig(detected) },
  });
  await github.upsertPullRequest(repository, { head: WELCOME_BRANCH, base: defaultBranch, title, body });
  return true;
}

async function detect(
  { github, registryHosts }: Deps['adapters'],
  repository: RepositoryRef,
  head: string,
): Promise<Detected> {
  const names = await github.listTop(repository, head);
  const wanted = READ_FOR_DETECTION.filter((name) => names.includes(name));
  const texts = await Promise.all(
    wanted.map(async (name) => [name, (await github.readFile(repository, name, head)) ?? ''] as const),
  );
  return detectCommands({ names, texts: Object.fromEntries(texts) }, { registryHosts });
}
