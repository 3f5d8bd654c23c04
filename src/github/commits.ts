import { z } from 'zod';
import { RetryableError } from '../errors.ts';
import { once, type Client } from './client.ts';
import { limitOfGraphql } from './errors.ts';
import type { CommitState, VerifiedCommit } from './port.ts';

export async function commit({ octokit, at }: Client, sha: string): Promise<CommitState> {
  const { data } = await octokit.request('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', {
    ...at,
    commit_sha: sha,
  });
  return { sha, tree: data.tree.sha, parents: data.parents.map((parent) => parent.sha), message: data.message };
}

/** https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch */
const CREATE_COMMIT = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid tree { oid } } }
}`;

const Created = z.object({
  createCommitOnBranch: z.object({ commit: z.object({ oid: z.string(), tree: z.object({ oid: z.string() }) }) }),
});

/** What GitHub answers, with status 200, where it does not do what it was asked. */
const Refusal = z.object({ errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).min(1) });

/**
 * Has GitHub make a commit on a branch that points to `expected`, which it signs. RetryableError where the branch has
 * moved on: then look again before it is asked again.
 */
export async function createVerifiedCommit(
  { octokit, at, write }: Client,
  { branch, expected, message, additions, deletions }: VerifiedCommit,
): Promise<{ sha: string; tree: string } | { refused: string }> {
  const [headline = '', ...body] = message.trimEnd().split('\n');
  const input = {
    branch: { repositoryNameWithOwner: `${at.owner}/${at.repo}`, branchName: branch },
    expectedHeadOid: expected,
    message: { headline, body: body.join('\n').trim() },
    fileChanges: {
      additions: additions.map(({ path, bytes }) => ({ path, contents: bytes.toString('base64') })),
      deletions: deletions.map((path) => ({ path })),
    },
  };
  try {
    const { oid, tree } = Created.parse(await write(() => octokit.graphql(CREATE_COMMIT, { input, ...once })))
      .createCommitOnBranch.commit;
    return { sha: oid, tree: tree.oid };
  } catch (error) {
    const refusal = Refusal.safeParse(error).data;
    if (!refusal) throw error;
    const [first] = refusal.errors;
    const { type = '', message: said } = first!;
    if (type === 'STALE_DATA') throw new RetryableError(`The branch ${branch} has moved: ${said}`, { cause: error });
    const limit = limitOfGraphql(error, { type, message: said });
    if (limit) throw limit;
    // Its words for a timeout, and for a fault of its own.
    if (/^something went wrong/i.test(said))
      throw new RetryableError(`GitHub is not answering properly: ${said}`, { cause: error });
    return { refused: said };
  }
}
