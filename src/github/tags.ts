import { refHead } from './branches.ts';
import { once, type Client } from './client.ts';
import { findOrCreate } from './find-or-create.ts';

/** Puts a tag on a commit, unless there is one of that name; gives what it is on then. */
export async function ensureTag(client: Client, { tag, sha }: { tag: string; sha: string }): Promise<{ sha: string }> {
  const { octokit, at, write, settle } = client;
  const { value } = await findOrCreate({
    find: () => refHead(client, `tags/${tag}`),
    create: async () => {
      const ref = { ...at, ref: `refs/tags/${tag}`, sha, ...once };
      const { data } = await write(() => octokit.request('POST /repos/{owner}/{repo}/git/refs', ref));
      return data.object.sha;
    },
    settle,
  });
  return { sha: value };
}
