import type { Client } from './client.ts';
import { alreadyExists, hasStatus, isEmptyRepository } from './errors.ts';

type Marker = { branch: string; base: string; message: string; author: { name: string; email: string }; date: Date };

/** A commit without a change on top of `base`, and a branch on it: somewhere to hang a check run on. */
export async function createMarker(client: Client, marker: Marker): Promise<{ sha: string }> {
  const { octokit, at } = client;
  const { data: base } = await octokit.request('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', {
    ...at,
    commit_sha: marker.base,
  });
  const found = await findMarker(client, marker, base.tree.sha);
  if (found !== null) return { sha: found };
  return commitTo(client, { ...marker, tree: base.tree.sha });
}

/** A commit with `tree` on `base`, and a branch on it. */
async function commitTo(client: Client, commit: Marker & { tree: string }): Promise<{ sha: string }> {
  const { octokit, at, write } = client;
  // Author and committer are both given, so GitHub neither fills in the time nor signs: the SHA is the
  // same every time, and sending this twice is sending it once.
  const by = { ...commit.author, date: commit.date.toISOString() };
  const { data: made } = await write(() =>
    octokit.request('POST /repos/{owner}/{repo}/git/commits', {
      ...at,
      message: commit.message,
      tree: commit.tree,
      parents: [commit.base],
      author: by,
      committer: by,
    }),
  );
  try {
    await write(() =>
      octokit.request('POST /repos/{owner}/{repo}/git/refs', {
        ...at,
        ref: `refs/heads/${commit.branch}`,
        sha: made.sha,
      }),
    );
  } catch (error) {
    // Ours from an earlier attempt, or already ahead of it: either way it is left alone.
    if (!alreadyExists(error)) throw error;
  }
  return { sha: made.sha };
}

type Proposal = Marker & { files: Record<string, string> };

/** A branch with one commit on `base` that writes these text files; one that is there already is left alone. */
export async function ensureBranch(client: Client, { branch, base, files, ...commit }: Proposal): Promise<void> {
  if ((await branchHead(client, branch)) !== null) return;
  const { octokit, at, write } = client;
  const { data: parent } = await octokit.request('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', {
    ...at,
    commit_sha: base,
  });
  const tree = Object.entries(files).map(
    ([path, content]) => ({ path, mode: '100644', type: 'blob', content }) as const,
  );
  const made = await write(() =>
    octokit.request('POST /repos/{owner}/{repo}/git/trees', { ...at, base_tree: parent.tree.sha, tree }),
  );
  await commitTo(client, { ...commit, branch, base, tree: made.data.sha });
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

export function branchHead(client: Client, branch: string): Promise<string | null> {
  return refHead(client, `heads/${branch}`);
}

/** What a ref (`heads/…`, `tags/…`) points to; null when there is none. */
export async function refHead({ octokit, at }: Client, ref: string): Promise<string | null> {
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/git/ref/{ref}', {
      ...at,
      ref,
    });
    return data.object.sha;
  } catch (error) {
    if (hasStatus(error, 404) || isEmptyRepository(error)) return null;
    throw error;
  }
}
