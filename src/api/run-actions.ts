import { randomUUID } from 'node:crypto';
import { getProject } from '../db/projects.ts';
import type { Run } from '../db/runs.ts';
import { LEAST_ROLE } from '../domain/command.ts';
import { nameOf, type Principal } from '../domain/principal.ts';
import { githubOf } from '../handlers/access.ts';
import { approveRun } from '../runs/approve-plan.ts';
import { cancelRun } from '../runs/cancel.ts';
import { retryByApi } from '../runs/retry-by-api.ts';
import type { Access } from './access.ts';
import type { ApiDeps } from './env.ts';
import { personOf } from './link.ts';
import { ApiProblem } from './problem.ts';
import { requesterOf } from './run-requests.ts';

export type RunActions = ReturnType<typeof createRunActions>;

/** What people do to a run by the API and the pages; each is refused with an `ApiProblem`. */
export function createRunActions(deps: ApiDeps & { access: Access }) {
  const { db, access, defaults } = deps;
  return {
    /** Has it stop; false where it is stopping already. */
    async cancel(principal: Principal, runId: string): Promise<boolean> {
      const run = await access.runToChange(principal, runId, LEAST_ROLE.cancel);
      if (run.endedAt !== null) {
        throw new ApiProblem('conflict', { detail: `${run.id} is over: it has ${run.status}.` });
      }
      return cancelRun(deps, run.id, nameOf(principal));
    },

    /** Says yes to what it waits for; with the hash of a plan to no other one. */
    async approve(principal: Principal, runId: string, hash: string | null): Promise<void> {
      const run = await access.run(principal, runId);
      const person = personOf(principal);
      const project = (await getProject(db, run.projectId))!;
      const result = await approveRun(deps, run, {
        repository: githubOf(project),
        by: {
          login: nameOf(person),
          id: person.kind === 'admin' ? 0 : person.githubId,
          role: await access.roleIn(person, project),
        },
        hash,
        writtenAt: null,
        trigger: `api:${randomUUID()}`,
      });
      if (result.kind === 'approved') return;
      if (result.kind === 'stale') {
        throw new ApiProblem('conflict', { detail: 'The plan is not what it was any more, so the run has ended.' });
      }
      const { kind, message, next } = result.failure;
      throw new ApiProblem(kind === 'permission' ? 'forbidden' : 'conflict', { detail: message, next });
    },

    /** Does it again from a step on, as a new run. */
    async retry(principal: Principal, runId: string, stepId: string): Promise<Pick<Run, 'id'>> {
      const run = await access.run(principal, runId);
      const project = (await getProject(db, run.projectId))!;
      // Unlike stopping it, doing it again takes the role now, whoever asked then.
      await access.demand(principal, project, LEAST_ROLE.retry);
      if (run.endedAt === null || run.status === 'succeeded') {
        const how = run.endedAt === null ? 'is not over' : 'has succeeded';
        throw new ApiProblem('conflict', { detail: `${run.id} ${how}, so there is nothing to try again.` });
      }
      if (run.source.pullRequest?.rebase) {
        throw new ApiProblem('conflict', { detail: 'A rebase is asked for anew on its pull request.' });
      }
      const opened = await retryByApi(deps, defaults, run, {
        project,
        requester: await requesterOf(personOf(principal), deps),
        stepId,
        triggerKey: `api:${randomUUID()}`,
      });
      if (opened === null) throw new ApiProblem('not_found');
      return opened;
    },
  };
}
