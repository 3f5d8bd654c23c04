import { InternalError } from '../errors.ts';
import type { Octokit } from './client.ts';
import { hasStatus } from './errors.ts';
import type { GitHub, RepositoryRef } from './port.ts';

/**
 * A new token, good for one hour, for this repository and its contents only. Without `workflows`:
 * GitHub itself then refuses a push that touches .github/workflows.
 * https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
 */
export async function gitToken(app: Octokit, repo: RepositoryRef): Promise<string> {
  if (repo.installationId === undefined) throw new InternalError('Only an installation has tokens to give.');
  const { data } = await app.request('POST /app/installations/{installation_id}/access_tokens', {
    installation_id: repo.installationId,
    repository_ids: [repo.repositoryId],
    permissions: { contents: 'write' },
  });
  return data.token;
}

/** The app's slug: its name in `<slug>[bot]`. */
export async function appSlug(app: Octokit): Promise<{ slug: string; htmlUrl: string }> {
  const { data } = await app.request('GET /app');
  if (!data?.slug) throw new InternalError('GitHub gave no slug for this app.');
  return { slug: data.slug, htmlUrl: data.html_url };
}

/** Runs a call with an installation's client, again with a new token where the first was refused. */
type Renewing = <T>(octokit: Octokit, installationId: number, call: () => Promise<T>) => Promise<T>;

/**
 * The bot's name and noreply address, by which GitHub shows its commits as the app's.
 * An app's own token cannot read users, so any installation's is borrowed.
 */
export async function appIdentity(
  octokitFor: (installationId?: number) => Promise<Octokit>,
  renewing: Renewing,
): ReturnType<GitHub['appIdentity']> {
  const app = await octokitFor();
  const { slug, htmlUrl } = await appSlug(app);
  const name = `${slug}[bot]`;
  const id = await botId(octokitFor, renewing, app, name);
  const mailbox = id === null ? name : `${id}+${name}`;
  return { name, slug, email: `${mailbox}@users.noreply.${new URL(htmlUrl).hostname}` };
}

async function botId(
  octokitFor: (installationId?: number) => Promise<Octokit>,
  renewing: Renewing,
  app: Octokit,
  name: string,
): Promise<number | null> {
  const { data: installations } = await app.request('GET /app/installations', { per_page: 100 });
  const active = installations.find((each) => !each.suspended_at);
  if (!active) return null;
  try {
    const octokit = await octokitFor(active.id);
    const { data } = await renewing(octokit, active.id, () =>
      octokit.request('GET /users/{username}', { username: name }),
    );
    return Number(data.id);
  } catch (error) {
    // Commits are then the app's by name only.
    if (hasStatus(error, 404)) return null;
    throw error;
  }
}
