import { z } from 'zod';
import { UserError } from '../errors.ts';
import { branchHead } from './branches.ts';
import type { Client } from './client.ts';
import { archivedRepository, emptyRepository, hasStatus } from './errors.ts';
import type { GitHub, RepositoryRef } from './port.ts';

/** The part of GitHub's repository that NOFX reads. */
const Repository = z.object({
  name: z.string(),
  owner: z.object({ login: z.string() }),
  default_branch: z.string(),
  clone_url: z.string(),
  html_url: z.string(),
  private: z.boolean(),
  archived: z.boolean().default(false),
  disabled: z.boolean().default(false),
});

type RepositoryNow = Awaited<ReturnType<GitHub['repository']>>;

/**
 * The repository as it is now, under whatever name: by id, a rename or a transfer changes nothing.
 * UserError when it is archived, disabled, empty or gone.
 */
export async function repository(client: Client, ref: RepositoryRef): Promise<RepositoryNow> {
  const now = Repository.parse(await byId(client, ref));
  if (now.archived) throw archivedRepository();
  if (now.disabled) throw new UserError('GitHub has disabled this repository.', 'Ask GitHub Support.');

  const moved = { ...client, at: { owner: now.owner.login, repo: now.name } };
  // `size` lags behind the first push, so the branch itself is asked for.
  const defaultHead = await branchHead(moved, now.default_branch);
  if (defaultHead === null) throw emptyRepository();
  return {
    owner: now.owner.login,
    name: now.name,
    defaultBranch: now.default_branch,
    defaultHead,
    cloneUrl: now.clone_url,
    htmlUrl: now.html_url,
    private: now.private,
  };
}

/** The id of the repository that goes by this name now. */
export async function repositoryId({ octokit, at }: Client): Promise<number> {
  const { data } = await octokit.request('GET /repos/{owner}/{repo}', at);
  return Number(data.id);
}

async function byId({ octokit }: Client, ref: RepositoryRef): Promise<unknown> {
  try {
    // Not in GitHub's reference, but where its own redirects of renamed repositories lead, since 2013.
    const { data } = await octokit.request('GET /repositories/{repository_id}', { repository_id: ref.repositoryId });
    return data;
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    throw new UserError(
      `The repository ${ref.owner}/${ref.name} is gone, or the app is no longer installed on it.`,
      'Install the app on it, then ask again.',
      { cause: error },
    );
  }
}

/** A text file as it is at a commit or branch; null where there is none, or no file. */
export async function readFile({ octokit, at }: Client, path: string, ref?: string): Promise<string | null> {
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/contents/{path}', {
      ...at,
      path,
      ...(ref === undefined ? {} : { ref }),
      mediaType: { format: 'raw' },
    });
    return asText(data);
  } catch (error) {
    if (hasStatus(error, 404)) return null;
    throw error;
  }
}

/** The names at the top level of a commit; folders end in `/`. */
export async function listTop({ octokit, at }: Client, commit: string): Promise<string[]> {
  const { data } = await octokit.request('GET /repos/{owner}/{repo}/git/trees/{tree_sha}', { ...at, tree_sha: commit });
  return data.tree.map(({ path, type }) => (type === 'tree' ? `${path}/` : path));
}

/** With the raw media type a file is text or bytes; a folder is still a JSON list. */
function asText(data: unknown): string | null {
  if (typeof data === 'string') return data;
  return data instanceof ArrayBuffer ? Buffer.from(data).toString() : null;
}
