import { InternalError, UserError } from '../errors.ts';
import { isSha, isWorkBranch } from '../domain/refs.ts';
import { remoteError } from './git-errors.ts';
import { hasCommit } from './mirror.ts';
import type { Git, GitPlace } from './git.ts';
import type { Mirror, MirrorContext } from './mirror.ts';
import type { RepositoryAccess } from './port.ts';

export type Push = { sha: string; branch: string; expected: string | null };

/** UserError for every branch that isn't ours to push; InternalError for a commit that isn't here. */
export async function checkPush(git: Git, mirror: Mirror, access: RepositoryAccess, push: Push): Promise<void> {
  if (!isWorkBranch(push.branch) || push.branch === access.project.defaultBranch) {
    throw new UserError(
      `NOFX does not push to \`${push.branch}\`.`,
      'It only pushes branches whose names start with `nofx/`.',
    );
  }
  if (!isSha(push.sha) || (push.expected !== null && !isSha(push.expected)))
    throw new InternalError('a push needs full SHAs');
  if (!(await hasCommit(git, mirror, push.sha, push.branch))) {
    throw new InternalError(`commit ${push.sha} is not on this machine; make the workspace again before the push`);
  }
}

/**
 * Pushes from the mirror, by SHA: no file of any checkout takes part. The lease makes it a compare-and-swap
 * on the remote's branch; a remote that already has the SHA counts as done.
 */
export async function pushToRemote(mirror: Mirror, push: Push, context: MirrorContext): Promise<void> {
  const { git, remote, signal } = context;
  const ref = `refs/heads/${push.branch}`;
  const pushed = await remote.run((url, config) =>
    git.run(
      [
        'push',
        '--porcelain',
        '--no-verify',
        '--no-follow-tags',
        '--no-signed',
        `--force-with-lease=${ref}:${push.expected ?? ''}`,
        '--',
        url,
        `${push.sha}:${ref}`,
      ],
      { place: mirror.place, config, signal },
    ),
  );
  if (pushed.exitCode !== 0) {
    throw remoteError(
      `${pushed.stderr}\n${pushed.stdout.toString()}`,
      { repository: remote.name, ref: push.branch },
      remote.secrets(),
    );
  }
}

/** The same for a repository on this disk: hands the objects over as a pack, then moves the branch if nobody else did. */
export async function pushToLocal(git: Git, mirror: Mirror, target: GitPlace, push: Push): Promise<void> {
  // `--local`: what the mirror borrows from that repository is left out.
  const pack = await git.output(['pack-objects', '--revs', '--stdout', '--local', '-q'], {
    place: mirror.place,
    input: `${push.sha}\n`,
  });
  await git.output(['unpack-objects', '-q'], { place: target, input: pack });
  const ref = `refs/heads/${push.branch}`;
  const now = await git.run(['rev-parse', '--verify', '--quiet', ref], { place: target });
  if (now.exitCode === 0 && now.stdout.toString().trim() === push.sha) return;
  const moved = await git.run(['update-ref', '--', ref, push.sha, push.expected ?? '0'.repeat(push.sha.length)], {
    place: target,
  });
  if (moved.exitCode !== 0) throw remoteError(moved.stderr, { repository: 'the local repository', ref: push.branch });
}
