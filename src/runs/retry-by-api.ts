import type { Run } from '../db/runs.ts';
import { listSteps } from '../db/steps.ts';
import type { Plan } from '../domain/plan.ts';
import type { Project } from '../domain/project.ts';
import { repositoryOf } from '../handlers/access.ts';
import { askedAgain } from './asked-again.ts';
import type { Opened, Reuse, RunDefaults } from './demand.ts';
import type { Deps } from './deps.ts';
import { requestByApi } from './request-by-api.ts';
import { requestRevision } from './request-revision.ts';
import { requestRun } from './request-run.ts';
import { reusable } from './reusable.ts';

export type Retry = {
  project: Project;
  requester: { login: string; id: number };
  /** of `run`, which is over */
  stepId: string;
  triggerKey: string;
};

/**
 * Does the request of a run again from one of its steps on, as a new run where the other was asked for. Null where the
 * run has no such step.
 */
export async function retryByApi(
  deps: Deps,
  defaults: RunDefaults,
  run: Run,
  { project, requester, stepId, triggerKey }: Retry,
): Promise<Opened | null> {
  const steps = await listSteps(deps.db, run.id);
  const from = steps.find(({ id }) => id === stepId);
  if (!from) return null;
  const reuse = await reusable(deps, { run, steps }, from);
  const { issue, kind, prompt, threadId, commentId } = run.source;
  const again = { requester, repeats: { runId: run.id, reuse }, triggerKey };
  if (issue === null) {
    const plan = reuse ? withReuse(run.plan, reuse) : run.plan;
    return requestByApi(deps, defaults, { ...again, project, wanted: { kind: 'plan', plan, prompt } });
  }
  const demand = {
    ...again,
    repository: repositoryOf({ project }),
    ...askedAgain(run, steps),
    issue,
    threadId,
    commentId,
  };
  return (kind === 'pull request' ? requestRevision : requestRun)(deps, defaults, demand);
}

/**
 * The plan with its code taken over; as it is where it has more pieces than one, of which nothing says which was which, or
 * where git operations have made it into something else.
 */
function withReuse(plan: Plan, { stepId }: Reuse): Plan {
  const isOne = plan.steps.filter(({ tool }) => tool === 'codegen').length === 1;
  if (!isOne || plan.steps.some(({ tool }) => tool === 'git_ops')) return plan;
  const steps = plan.steps.map((step) =>
    step.tool === 'codegen'
      ? { ...step, tool: 'reuse', inputs: { ...dependencies(step.inputs), stepId }, secrets_scope: 'none' }
      : step,
  );
  return { ...plan, steps };
}

function dependencies(inputs: Plan['steps'][number]['inputs']): { _dependsOn?: string[] } {
  return inputs?._dependsOn ? { _dependsOn: inputs._dependsOn } : {};
}
