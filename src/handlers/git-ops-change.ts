import { z } from 'zod';
import { conflictFailure, type GitOp, type GitOpOf } from '../domain/git-ops.ts';
import { code } from '../domain/markdown.ts';
import { taskTitle } from '../domain/naming.ts';
import { UserError } from '../errors.ts';
import type { CommitState } from '../github/port.ts';
import type { Files } from '../workspace/port.ts';
import { accessOf, repositoryOf } from './access.ts';
import { changeOf, loadChangeSet } from './change-set.ts';
import { handOn, soFar, type Change } from './git-ops-source.ts';
import type { StepContext, StepOutcome } from './handler.ts';

/** Takes the change to the newest commit of the run's base branch. */
export async function sync(context: StepContext, op: GitOpOf<'sync'>): Promise<StepOutcome> {
  const { baseRef } = context.run;
  const newest = await context.adapters.workspaces.resolve(accessOf(context), baseRef);
  return moveTo(context, await soFar(context, op), newest, code(baseRef));
}

/**
 * Brings in what a branch has and the run has not. Where the branch goes on from where the run stands, the run stands on its
 * newest commit then, as after `git pull --autostash`; else the two are merged, and its commit has both as parents.
 */
export async function merge(context: StepContext, op: GitOpOf<'pull' | 'merge'>, source: string): Promise<StepOutcome> {
  const change = await soFar(context, op);
  const { base, merged = [] } = change.ground;
  const newest = await headOf(context, op, source);
  const compared = await context.adapters.github.compare(repositoryOf(context), newest, base);
  if (compared.behind === 0) return handOn(context, change);
  if (compared.ancestor === base) return moveTo(context, change, newest, code(source));
  const parents = [...new Set([...merged, newest])];
  return combine(
    context,
    { ...change, ground: { ...change.ground, merged: parents }, summary: told(change, `Merges ${source}.`) },
    { theirs: { commit: newest }, ancestor: { commit: compared.ancestor } },
    code(source),
  );
}

/** Takes the change to the newest commit of a branch; what was merged before becomes a part of it. */
export async function rebaseOnto(context: StepContext, op: GitOpOf<'rebase'>, onto: string): Promise<StepOutcome> {
  const { ground, ...change } = await soFar(context, op);
  const newest = await headOf(context, op, onto);
  const { base, branch } = ground;
  return moveTo(context, { ...change, ground: { base, branch } }, newest, code(onto));
}

/** Does once more what a commit of a branch has done. */
export async function cherryPick(context: StepContext, op: GitOpOf<'cherry-pick'>): Promise<StepOutcome> {
  const change = await soFar(context, op);
  const source = op.source_branch ?? context.run.baseRef;
  const branchHead = await headOf(context, op, source);
  const { commit, parent } = await commitOn(context, op.commit_sha, { sha: branchHead, name: code(source) });
  const summary = told(change, `Takes over ${nameOf(commit)}.`);
  const sides = { theirs: { commit: commit.sha }, ancestor: { commit: parent } };
  return combine(context, { ...change, summary }, sides, `Commit ${code(commit.sha.slice(0, 7))}`);
}

/** Takes back what a commit has done that the run stands on. */
export async function revert(context: StepContext, op: GitOpOf<'revert'>): Promise<StepOutcome> {
  const change = await soFar(context, op);
  const { commit, parent } = await commitOn(context, op.commit_sha, { sha: change.ground.base, name: 'the base' });
  const summary = told(change, `Takes back ${nameOf(commit)}.`);
  const sides = { theirs: { commit: parent }, ancestor: { commit: commit.sha } };
  return combine(context, { ...change, summary }, sides, `Taking back ${code(commit.sha.slice(0, 7))}`);
}

/** What a step hands on that has set a change aside. It is kept as it is: as an artifact of the step that made it. */
const SetAside = z.object({ setAside: z.string().nullable() });

/** Sets the change aside and goes on without it. */
export async function setAside(context: StepContext, op: GitOpOf<'stash'>): Promise<StepOutcome> {
  const { stepId, ground } = await soFar(context, op);
  const { base, branch } = ground;
  const outcome = await handOn(context, { changes: [], summary: '', ground: { base, branch } });
  return { ...outcome, outputs: { ...outcome.outputs, ...({ setAside: stepId } satisfies z.infer<typeof SetAside>) } };
}

/** Brings a change back that was set aside, and leaves it there for others. */
export async function pop(context: StepContext, op: GitOpOf<'stash'>): Promise<StepOutcome> {
  const change = await soFar(context, op);
  const { outputs } = await context.outputsOf(op.stash ?? '');
  const { setAside: stepId } = SetAside.parse(outputs);
  if (stepId === null) return handOn(context, change);
  const { changeSet, changes } = await loadChangeSet(context, stepId);
  const { base, merged = [], summary } = changeSet;
  const parents = [...new Set([...(change.ground.merged ?? []), ...merged])];
  return combine(
    context,
    { ...change, ground: { ...change.ground, merged: parents }, summary: told(change, summary) },
    { theirs: { commit: base, changes }, ancestor: { commit: base } },
    'What was set aside',
  );
}

/** Back to the base, or to what an earlier step has handed on: with `hard` the files; else only the commit is undone. */
export async function reset(context: StepContext, op: GitOpOf<'reset'>): Promise<StepOutcome> {
  const change = await soFar(context, op);
  if (op.mode !== 'hard') return handOn(context, change);
  const { base, branch } = change.ground;
  if (op.commit === 'base') return handOn(context, { changes: [], summary: '', ground: { base, branch } });
  const { changes, changeSet } = await changeOf(context, op.commit);
  const ground = { base: changeSet.base, merged: changeSet.merged, branch };
  return handOn(context, { changes, summary: changeSet.summary, ground });
}

/** Where a branch stands: as people approved it, or else now. UserError where what they approved is gone. */
async function headOf(context: StepContext, { _at: approved }: Pick<GitOp, '_at'>, branch: string): Promise<string> {
  const { workspaces } = context.adapters;
  if (approved === undefined) return workspaces.resolve(accessOf(context), branch);
  return workspaces.resolve(accessOf(context), approved).catch((error: unknown) => {
    if (!(error instanceof UserError) || !error.message.includes(approved)) throw error;
    throw new UserError(
      `When this was planned, ${code(branch)} stood at ${code(approved.slice(0, 7))}, and that commit is gone.`,
      'Comment `/nofx retry` to have the same planned anew, or `/nofx plan <what you want>`.',
      { kind: 'conflict', cause: error },
    );
  });
}

/** The change on another base. */
async function moveTo(context: StepContext, change: Change, base: string, what: string): Promise<StepOutcome> {
  const { changes, ground } = change;
  const moved = { ...change, ground: { ...ground, base } };
  if (changes.length === 0 || base === ground.base) return handOn(context, moved);
  const sides = { theirs: { commit: ground.base, changes }, ancestor: { commit: ground.base } };
  return combine(context, { ...moved, changes: [] }, sides, what);
}

/** The change with what `theirs` has made of `ancestor`. */
async function combine(
  context: StepContext,
  change: Change,
  sides: { theirs: Files; ancestor: Files },
  what: string,
): Promise<StepOutcome> {
  const ours: Files = { commit: change.ground.base, changes: change.changes };
  const { changes, conflicts } = await context.adapters.workspaces.merge(accessOf(context), { ours, ...sides });
  if (conflicts.length === 0) return handOn(context, { ...change, changes });
  return { status: 'failed', failure: conflictFailure(conflicts, what, context.run.gitMode) };
}

/**
 * A commit by its name or the beginning of it, with the one before it. UserError where it is not on the branch: GitHub also
 * knows the commits of forks by their names.
 */
async function commitOn(
  context: StepContext,
  sha: string,
  on: { sha: string; name: string },
): Promise<{ commit: CommitState; parent: string }> {
  const { github } = context.adapters;
  const repository = repositoryOf(context);
  const compared = await github.compare(repository, sha, on.sha).catch((error: unknown) => {
    if (error instanceof UserError && error.kind === 'repository') return null;
    throw error;
  });
  if (compared === null || compared.behind > 0 || !compared.baseSha.startsWith(sha)) {
    throw new UserError(
      `There is no commit ${code(sha)} on ${on.name}.`,
      'Name a commit of that branch, by all of its digits or the first seven of them; `source_branch` names another branch to pick from.',
      { kind: 'repository' },
    );
  }
  const commit = await github.commit(repository, compared.baseSha);
  const [parent, ...others] = commit.parents;
  if (parent !== undefined && others.length === 0) return { commit, parent };
  throw new UserError(
    `Commit ${code(sha)} ${parent === undefined ? 'is the first of all' : 'is a merge'}, so it has no change of its own.`,
    parent === undefined ? 'Name a later one.' : 'Name the commits that it merged.',
  );
}

function nameOf({ sha, message }: CommitState): string {
  return `${sha.slice(0, 7)} (${taskTitle(message)})`;
}

/** What is said of a change, with one thing more. */
function told({ summary }: Change, more: string): string {
  return [summary, more].filter(Boolean).join('\n\n');
}
