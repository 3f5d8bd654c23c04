import type { Run } from '../db/runs.ts';
import { listSteps, type Step } from '../db/steps.ts';
import { refuseApproval, teamsToAsk, type Approver } from '../domain/approval.ts';
import { code } from '../domain/markdown.ts';
import { isManual } from '../domain/plan.ts';
import { isHashOf, planHash, shortHash } from '../domain/planned.ts';
import type { Failure } from '../domain/run.ts';
import { RunConfig } from '../domain/run-config.ts';
import { InternalError } from '../errors.ts';
import type { RepositoryRef } from '../github/port.ts';
import { PlanOutputs } from '../handlers/plan.ts';
import { approveStep, refuseStep } from './approve.ts';
import type { Deps } from './deps.ts';

export type Approval = {
  /** null: it is not on GitHub, and nobody is in a team there */
  repository: RepositoryRef | null;
  by: Approver;
  /** as much of the hash of the plan they saw as they typed; null: whatever waits */
  hash: string | null;
  /** Since when it must have waited; null: whenever. */
  writtenAt: Date | null;
  /** What they did, once: a second look at it finds it done. */
  trigger: string;
};

export type Approved =
  | { kind: 'approved' }
  /** the plan is no longer what it was: the run has ended, and says so */
  | { kind: 'stale' }
  /** nothing has happened; the failure is for whoever asked */
  | { kind: 'refused'; failure: Failure };

/**
 * Says yes to what a run waits for, if this person may, and if it is what they saw. A plan is carried out only as it was
 * when they did, on the base it was made for; otherwise the run ends.
 */
export async function approveRun(deps: Deps, run: Run, approval: Approval): Promise<Approved> {
  const steps = await listSteps(deps.db, run.id);
  const answered = steps.find((step) => isAnswer(step, approval.trigger));
  if (answered) return { kind: answered.status === 'succeeded' ? 'approved' : 'stale' };
  const asked = steps.find(({ status }) => status === 'waiting');
  if (!asked)
    return refused('conflict', `${code(run.id)} waits for no approval.`, '`/nofx status` says how it stands.');

  const failure = (await mayNot(deps, run, approval)) ?? notMeant(steps, asked, approval);
  if (failure) return { kind: 'refused', failure };
  const step = { runId: run.id, stepId: asked.id };
  const stale = asked.tool === 'manual:plan' ? await staleness(deps, run, steps, approval) : null;
  if (stale) {
    await refuseStep(deps, step, { failure: stale, trigger: approval.trigger });
    return { kind: 'stale' };
  }
  if (await approveStep(deps, step, approval.by.login, approval.trigger)) return { kind: 'approved' };
  return refused('conflict', 'Somebody was faster: it does not wait any more.', '`/nofx status` says how it stands.');
}

/** Whether a question of this run has been answered by that. */
export async function wasAnsweredBy(
  { db }: Pick<Deps, 'db'>,
  { id }: Pick<Run, 'id'>,
  trigger: string,
): Promise<boolean> {
  return (await listSteps(db, id)).some((step) => isAnswer(step, trigger));
}

function isAnswer({ tool, outputs }: Step, trigger: string): boolean {
  return isManual(tool) && outputs?.['trigger'] === trigger;
}

function refused(kind: Failure['kind'], message: string, next: string): Approved {
  return { kind: 'refused', failure: { kind, message, next } };
}

async function mayNot({ adapters }: Deps, run: Run, { repository, by }: Approval): Promise<Failure | null> {
  const rules = RunConfig.parse(run.config);
  const memberOf = new Map<string, boolean | null>();
  for (const team of teamsToAsk(rules, by)) {
    memberOf.set(team, repository && (await adapters.github.isTeamMember(repository, team, by.login)));
  }
  return refuseApproval(rules, by, { requester: run.source.requester, memberOf });
}

/** That they meant something else than what waits now. */
function notMeant(steps: readonly Step[], asked: Step, { hash, writtenAt }: Approval): Failure | null {
  const plan = planOf(steps);
  const isPlan = asked.tool === 'manual:plan';
  const command = isPlan && plan ? `\`/nofx approve ${shortHash(plan.hash)}\`` : '`/nofx approve`';
  const next = `Look at what waits now; if you agree, comment ${command}.`;
  const conflict = (message: string): Failure => ({ kind: 'conflict', message, next });
  if (hash !== null && !(plan && isHashOf(plan.hash, hash)))
    return conflict(`There is no plan ${code(hash, 80)} that waits here.`);
  if (hash !== null && !isPlan) return conflict(`The plan ${code(hash, 80)} is approved already.`);
  // GitHub leaves out the fractions of a second.
  const waited = !writtenAt || asked.startedAt!.getTime() < writtenAt.getTime() + 1_000;
  return hash === null && !waited
    ? conflict('It did not wait yet when you wrote that, so you cannot have seen it.')
    : null;
}

/** Why a plan is not what it was made as; null where it is. */
async function staleness(
  { adapters }: Deps,
  run: Run,
  steps: readonly Step[],
  { repository }: Approval,
): Promise<Failure | null> {
  const plan = planOf(steps);
  const planned = steps.filter(({ tool }) => tool !== 'plan');
  if (!plan || planHash(planned.map(prepared), run.baseSha) !== plan.hash) {
    throw new InternalError(`The steps of ${run.id} are not those of its plan.`);
  }
  if (repository === null) throw new InternalError(`${run.id} has a plan, and is not on GitHub.`);
  const head = await adapters.github.branchHead(repository, run.baseRef);
  if (head === run.baseSha) return null;
  const what = head === null ? 'is gone' : 'has moved on';
  return {
    kind: 'conflict',
    message:
      run.gitMode === 'hidden'
        ? 'The project has changed since the plan was made, so it was not carried out.'
        : `${code(run.baseRef)} ${what} since the plan was made, so it was not carried out.`,
    next: 'comment `/nofx retry` to have the same planned anew, or `/nofx plan <what you want>`.',
  };
}

function planOf(steps: readonly Step[]): PlanOutputs | null {
  const step = steps.find(({ tool }) => tool === 'plan');
  return PlanOutputs.safeParse(step?.outputs).data ?? null;
}

function prepared({ name, tool, inputs }: Step): Pick<Step, 'name' | 'tool' | 'inputs'> {
  return { name, tool, inputs };
}
