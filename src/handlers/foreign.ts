import { UserError } from '../errors.ts';

/** The branch of a run has commits that are not the run's own. */
export function foreignCommits(branch: string): UserError {
  return new UserError(
    `Somebody else pushed to ${branch} while the run was under way; their commits were left alone.`,
    'Comment `/nofx retry` to start from what is there now.',
    { kind: 'conflict' },
  );
}
