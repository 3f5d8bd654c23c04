import { UserError } from '../errors.ts';
import { emptyRepository, remoteError } from './git-errors.ts';
import type { Git, GitPlace } from './git.ts';
import type { Mirror, MirrorContext } from './mirror.ts';

export type Head = { branch: string; sha: string };

/** Where a remote's HEAD points. UserError where it is empty, or names no branch. */
export async function remoteHead(mirror: Mirror, { git, remote, signal }: MirrorContext): Promise<Head> {
  const listed = await remote.run((url, config) =>
    git.run(['ls-remote', '--symref', '--', url, 'HEAD'], { place: mirror.place, config, signal }),
  );
  if (listed.exitCode !== 0) throw remoteError(listed.stderr, { repository: remote.name }, remote.secrets());
  const text = listed.stdout.toString();
  const sha = /^([0-9a-f]{40,64})\tHEAD$/m.exec(text)?.[1];
  if (sha === undefined) throw emptyRepository(remote.name);
  return { branch: branchOf(remote.name, /^ref: (\S+)\tHEAD$/m.exec(text)?.[1]), sha };
}

/** Where the HEAD of a repository on this disk points. */
export async function localHead(git: Git, place: GitPlace, name: string): Promise<Head> {
  const [ref, commit] = await Promise.all([
    git.run(['symbolic-ref', '--quiet', 'HEAD'], { place }),
    git.run(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { place }),
  ]);
  if (commit.exitCode !== 0) throw emptyRepository(name);
  return { branch: branchOf(name, ref.stdout.toString().trim()), sha: commit.stdout.toString().trim() };
}

function branchOf(name: string, ref = ''): string {
  const [, branch] = /^refs\/heads\/(.+)$/.exec(ref) ?? [];
  if (branch !== undefined) return branch;
  throw new UserError(`The HEAD of ${name} is on no branch.`, 'Check out the branch that work should start from.', {
    kind: 'repository',
  });
}
