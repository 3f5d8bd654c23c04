import { readCommit, type CommitObject, type Person } from './git-objects.ts';
import { iso, nodeId } from './shape-common.ts';
import { repositoryApi, repositoryHtml } from './shape-repository.ts';
import { userShape } from './shape-accounts.ts';
import type { FileDiff } from './git-diff.ts';
import type { Account, Repository } from './types.ts';
import type { World } from './world.ts';

const person = ({ name, email, date }: Person) => ({ name, email, date: iso(date) });

function verification({ signed, committer }: CommitObject) {
  return signed
    ? { verified: true, reason: 'valid', signature: 'stand-in', payload: 'stand-in', verified_at: iso(committer.date) }
    : { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null };
}

/** `git-commit`: the object as the git database API shows it. */
export function gitCommitShape(world: World, repo: Repository, commit: CommitObject) {
  const api = repositoryApi(world, repo);
  const html = repositoryHtml(world, repo);
  return {
    sha: commit.sha,
    node_id: nodeId('C', commit.sha),
    url: `${api}/git/commits/${commit.sha}`,
    html_url: `${html}/commit/${commit.sha}`,
    author: person(commit.author),
    committer: person(commit.committer),
    tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
    message: commit.message,
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${api}/git/commits/${sha}`,
      html_url: `${html}/commit/${sha}`,
    })),
    verification: verification(commit),
  };
}

/** `commit`: with the accounts behind author and committer, as far as their noreply address tells. */
export async function commitShape(world: World, repo: Repository, sha: string) {
  const api = repositoryApi(world, repo);
  const html = repositoryHtml(world, repo);
  const commit = await readCommit(repo.dir, sha);
  return {
    sha,
    node_id: nodeId('C', sha),
    commit: {
      author: person(commit.author),
      committer: person(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      url: `${api}/git/commits/${sha}`,
      comment_count: 0,
      verification: verification(commit),
    },
    url: `${api}/commits/${sha}`,
    html_url: `${html}/commit/${sha}`,
    comments_url: `${api}/commits/${sha}/comments`,
    author: accountShape(world, commit.author.email),
    committer: accountShape(world, commit.committer.email),
    parents: commit.parents.map((parent) => ({
      sha: parent,
      url: `${api}/commits/${parent}`,
      html_url: `${html}/commit/${parent}`,
    })),
  };
}

function accountShape(world: World, email: string) {
  const account = accountByEmail(world, email);
  return account ? userShape(world, account) : null;
}

/** GitHub knows people by their addresses; here only `<id>+<login>@users.noreply.…` is known. */
export function accountByEmail(world: World, email: string): Account | undefined {
  const id = /^(\d+)\+.*@users\.noreply\./.exec(email)?.[1];
  return [...world.accounts.values()].find((account) => account.id === Number(id));
}

export function refShape(world: World, repo: Repository, ref: string, sha: string, type = 'commit') {
  const api = repositoryApi(world, repo);
  return {
    ref,
    node_id: nodeId('REF', `${repo.id}:${ref}`),
    url: `${api}/git/${ref}`,
    object: { sha, type, url: `${api}/git/${type}s/${sha}` },
  };
}

/** `diff-entry` */
export function fileShape(world: World, repo: Repository, head: string, file: FileDiff) {
  const html = repositoryHtml(world, repo);
  const path = file.filename.split('/').map(encodeURIComponent).join('/');
  return {
    sha: file.sha,
    filename: file.filename,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${html}/blob/${head}/${path}`,
    raw_url: `${html}/raw/${head}/${path}`,
    contents_url: `${repositoryApi(world, repo)}/contents/${path}?ref=${head}`,
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previousFilename === null ? {} : { previous_filename: file.previousFilename }),
  };
}
