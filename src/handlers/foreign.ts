import type { Ground } from '../domain/change-set.ts';
import { UserError } from '../errors.ts';
import { hasApp } from './access.ts';
import type { StepContext } from './handler.ts';

/** A branch has commits that are not the run's own. */
export function foreignCommits(branch: string): UserError {
  return new UserError(
    `Somebody else pushed to ${branch} while the run was under way; their commits were left alone.`,
    'Comment `/nofx retry` to start from what is there now.',
    { kind: 'conflict' },
  );
}

/**
 * Whether a branch that stands at `head` has nothing of anybody else on it: it is not there, or it is at our own marker, at a
 * commit of this run, or at the very commit that what is to come stands on.
 */
export async function isOwn(
  context: StepContext,
  head: string | null,
  { sha, ground }: { sha?: string; ground?: Ground | undefined },
): Promise<boolean> {
  if (head === null || head === sha || head === (ground?.base ?? context.run.baseSha)) return true;
  if ((await context.commits()).includes(head)) return true;
  // Without the app there is none.
  return hasApp(context.project) && head === (await context.marker()).sha;
}
