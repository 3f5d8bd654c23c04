import { UserError } from '../errors.ts';
import { once, type Client } from './client.ts';
import { capBody } from './comments.ts';
import { hasStatus } from './errors.ts';
import { findOrCreate } from './find-or-create.ts';
import type { PullRequest, PullRequestState } from './port.ts';

type Wanted = { head: string; base: string; title: string; body: string; draft?: boolean };

/**
 * Finds or opens the pull request of our branch. One that is there keeps its title and body: a person
 * may have edited them. One that was closed is found too, and stays closed: the branch belongs to one
 * run, and somebody decided.
 */
export function upsertPullRequest(client: Client, wanted: Wanted): Promise<PullRequest & { created: boolean }> {
  return client.alone(`pull request ${wanted.head} ${wanted.base}`, async () => {
    const { value, created } = await findOrCreate({
      find: () => find(client, wanted),
      create: () => create(client, wanted),
      settle: client.settle,
    });
    return { ...value, created };
  });
}

/** A pull request as it is now; null where there is none of that number. */
export async function pullRequest({ octokit, at }: Client, number: number): Promise<PullRequestState | null> {
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...at,
      pull_number: number,
    });
    const { head, base } = data;
    return {
      number: data.number,
      url: data.html_url,
      title: data.title,
      body: data.body ?? '',
      open: data.state === 'open',
      head: { ref: head.ref, sha: head.sha, ownBranch: head.repo?.id === base.repo.id },
      base: { ref: base.ref, sha: base.sha },
    };
  } catch (error) {
    if (hasStatus(error, 404)) return null;
    throw error;
  }
}

/** Merges the base into the branch of a pull request, on GitHub's side. https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request-branch */
export async function updateBranch({ octokit, at, write }: Client, number: number, expectedHead: string) {
  try {
    await write(() =>
      octokit.request('PUT /repos/{owner}/{repo}/pulls/{pull_number}/update-branch', {
        ...at,
        pull_number: number,
        expected_head_sha: expectedHead,
        ...once,
      }),
    );
  } catch (error) {
    if (!hasStatus(error, 422)) throw error;
    // Done before, by us or by somebody else.
    if (/no new commits/i.test(error.message)) return;
    throw new UserError(
      `GitHub did not bring #${number} up to date: ${error.message.split('\n')[0]!.slice(0, 300)}.`,
      'Comment `/nofx rebase` again, or merge the base branch into it yourself.',
      { cause: error },
    );
  }
}

/** Takes the tick out of a box of ours; what people wrote around it stays. */
export async function untick({ octokit, at, write }: Client, number: number, box: string): Promise<void> {
  const one = { ...at, pull_number: number };
  const { data } = await octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', one);
  const before = data.body ?? '';
  const body = before.replaceAll(`- [x] ${box}`, `- [ ] ${box}`).replaceAll(`- [X] ${box}`, `- [ ] ${box}`);
  if (body === before) return;
  await write(() => octokit.request('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', { ...one, body }));
}

async function find({ octokit, at }: Client, { head, base }: Wanted): Promise<PullRequest | null> {
  const { data } = await octokit.request('GET /repos/{owner}/{repo}/pulls', {
    ...at,
    // Without the owner GitHub ignores the filter and lists every pull request.
    head: `${at.owner}:${head}`,
    base,
    state: 'all',
    per_page: 100,
  });
  const ours = data.filter((each) => each.head.ref === head && each.base.ref === base);
  const chosen = ours.find((each) => each.state === 'open') ?? ours[0];
  return chosen ? { number: chosen.number, url: chosen.html_url } : null;
}

async function create({ octokit, at, write }: Client, wanted: Wanted): Promise<PullRequest> {
  const send = (draft: boolean) =>
    write(
      () =>
        octokit.request('POST /repos/{owner}/{repo}/pulls', {
          ...at,
          head: wanted.head,
          base: wanted.base,
          title: wanted.title,
          body: capBody(wanted.body),
          maintainer_can_modify: true,
          draft,
          ...once,
        }),
      { first: true },
    );
  try {
    const { data } = await send(wanted.draft ?? false).catch((error: unknown) => {
      // Private repositories of free accounts have no drafts.
      if (wanted.draft && hasStatus(error, 422) && /draft pull requests are not supported/i.test(error.message))
        return send(false);
      throw error;
    });
    return { number: data.number, url: data.html_url };
  } catch (error) {
    if (hasStatus(error, 422) && /no commits between/i.test(error.message)) {
      throw new UserError(
        `There is no difference between ${wanted.base} and ${wanted.head}.`,
        'The work may have reached the base branch already. Comment `/nofx <what you want>` for a new run.',
        { cause: error },
      );
    }
    throw error;
  }
}
