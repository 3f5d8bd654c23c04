import type { Client } from './client.ts';
import { alreadyExists, hasStatus, isEmptyRepository } from './errors.ts';

/** A commit without a change on top of `base`, and a branch on it: somewhere to hang a check run on. */
export async function createMarker(
  { octokit, at, write }: Client,
  marker: { branch: string; base: string; message: string; author: { name: string; email: string }; date: Date },
): Promise<{ sha: string }> {
  const { data: base } = await octokit.request('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', { ...at, commit_sha: marker.base });
  // Author and committer are both given, so GitHub neither fills in the time nor signs: the SHA is the
  // same every time, and sending this twice is sending it once.
  const by = { ...marker.author, date: marker.date.toISOString() };
  const { data: commit } = await write(() =>
    octokit.request('POST /repos/{owner}/{repo}/git/commits', {
      ...at,
      message: marker.message,
      tree: base.tree.sha,
      parents: [marker.base],
      author: by,
      committer: by,
    }),
  );
  try {
    await write(() => octokit.request('POST /repos/{owner}/{repo}/git/refs', { ...at, ref: `refs/heads/${marker.branch}`, sha: commit.sha }));
  } catch (error) {
    // Ours from an earlier attempt, or already ahead of the marker: either way it is left alone.
    if (!alreadyExists(error)) throw error;
  }
  return { sha: commit.sha };
}

export async function branchHead({ octokit, at }: Client, branch: string): Promise<string | null> {
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/git/ref/{ref}', { ...at, ref: `heads/${branch}` });
    return data.object.sha;
  } catch (error) {
    if (hasStatus(error, 404) || isEmptyRepository(error)) return null;
    throw error;
  }
}
