import type { Client } from './client.ts';
import { alreadyExists, hasStatus, isEmptyRepository } from './errors.ts';

type Marker = { branch: string; base: string; message: string; author: { name: string; email: string }; date: Date };

/** A commit without a change on top of `base`, and a branch on it: somewhere to hang a check run on. */
export async function createMarker(client: Client, marker: Marker): Promise<{ sha: string }> {
  const { octokit, at, write } = client;
  const { data: base } = await octokit.request('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', {
    ...at,
    commit_sha: marker.base,
  });
  const found = await findMarker(client, marker, base.tree.sha);
  if (found !== null) return { sha: found };
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
    await write(() =>
      octokit.request('POST /repos/{owner}/{repo}/git/refs', {
        ...at,
        ref: `refs/heads/${marker.branch}`,
        sha: commit.sha,
      }),
    );
  } catch (error) {
    // Ours from an earlier attempt, or already ahead of the marker: either way it is left alone.
    if (!alreadyExists(error)) throw error;
  }
  return { sha: commit.sha };
}

/** The branch's head where that is the marker already: looking takes no turn among the writes. */
async function findMarker(client: Client, { branch, base, message }: Marker, tree: string): Promise<string | null> {
  const head = await branchHead(client, branch);
  if (head === null) return null;
  const { octokit, at } = client;
  const { data: commit } = await octokit.request('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', {
    ...at,
    commit_sha: head,
  });
  const onBase = commit.parents.length === 1 && commit.parents[0]?.sha === base;
  // With the base's own tree it holds nobody's work, whoever made it.
  return onBase && commit.tree.sha === tree && commit.message.trimEnd() === message.trimEnd() ? head : null;
}

export async function branchHead({ octokit, at }: Client, branch: string): Promise<string | null> {
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/git/ref/{ref}', {
      ...at,
      ref: `heads/${branch}`,
    });
    return data.object.sha;
  } catch (error) {
    if (hasStatus(error, 404) || isEmptyRepository(error)) return null;
    throw error;
  }
}
