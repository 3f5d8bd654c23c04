import type { GitOpOf } from '../domain/git-ops.ts';
import { code } from '../domain/markdown.ts';
import { UserError } from '../errors.ts';
import { accessOf, githubOf, repositoryOf } from './access.ts';
import type { WriteOutputs } from './change-set.ts';
import { isOwn } from './foreign.ts';
import { commitFor, committed, handOn, soFar, type Change } from './git-ops-source.ts';
import type { StepContext, StepOutcome } from './handler.ts';
import { pushWork } from './push-work.ts';

/** Makes a branch where the run stands, at its commit or else at its base, and goes on there. */
export async function branch(context: StepContext, op: GitOpOf<'branch'>): Promise<StepOutcome> {
  const { branch_name: name } = op;
  const written = await committed(context, op);
  if (written) {
    await refuseForeign(context, name, written);
    await pushWork(context, { ...written, branch: name });
    return boundFor(name, written);
  }
  const change = await soFar(context, op);
  const { base } = change.ground;
  await context.effect(`branch ${context.step.id}`, async () => {
    const head = await refuseForeign(context, name, change);
    const { workspaces } = context.adapters;
    await workspaces.resolve(accessOf(context), base);
    if (head !== base) await workspaces.push(accessOf(context), { sha: base, branch: name, expected: head });
    return { sha: base };
  });
  return changeBoundFor(context, name, change);
}

/** Goes on on another branch: what is pushed and handed in from here on is there. */
export async function switchTo(context: StepContext, op: GitOpOf<'switch'>): Promise<StepOutcome> {
  const { branch_name: name } = op;
  const written = await committed(context, op);
  const change = written ? null : await soFar(context, op);
  await refuseForeign(context, name, written ?? change!);
  return written ? boundFor(name, written) : changeBoundFor(context, name, change!);
}

/** Tags the run's commit, which is pushed for that if it is not yet. */
export async function tag(context: StepContext, op: GitOpOf<'tag'>): Promise<StepOutcome> {
  const { tag_name: name } = op;
  const repository = repositoryOf(context);
  const pushed = await pushWork(context, await commitFor(context, op));
  const { sha } = await context.effect(`tag ${context.step.id}`, () =>
    context.adapters.github.ensureTag(repository, { tag: name, sha: pushed.sha }),
  );
  if (sha !== pushed.sha) throw taken(`The tag ${code(name)} is there already, on another commit.`);
  return { status: 'succeeded', outputs: { tag: name, sha } };
}

/** Where a branch stands that the run may have. Where GitHub cannot be asked, the push finds out. */
async function refuseForeign(
  context: StepContext,
  name: string,
  standing: Partial<Pick<WriteOutputs, 'sha' | 'ground'>>,
): Promise<string | null> {
  const repository = githubOf(context.project);
  const head = repository && (await context.adapters.github.branchHead(repository, name));
  if (await isOwn(context, head, standing)) return head;
  throw taken(`The branch ${code(name)} is there already, with commits that are not of this run.`);
}

function taken(message: string): UserError {
  return new UserError(`${message} It was left alone.`, 'Take another name, and start again.', { kind: 'conflict' });
}

function boundFor(branchName: string, written: WriteOutputs): StepOutcome {
  return { status: 'succeeded', outputs: { ...written, branch: branchName } };
}

function changeBoundFor(context: StepContext, branchName: string, change: Change): Promise<StepOutcome> {
  return handOn(context, { ...change, ground: { ...change.ground, branch: branchName } });
}
