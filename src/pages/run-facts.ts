import { listArtifacts, type Artifact } from '../db/artifacts.ts';
import { listEvents, type EventRow } from '../db/events.ts';
import type { Run } from '../db/runs.ts';
import { listSteps, type Step } from '../db/steps.ts';
import { refuseApproval, teamsToAsk } from '../domain/approval.ts';
import { LEAST_ROLE } from '../domain/command.ts';
import type { Principal } from '../domain/principal.ts';
import type { RunView } from '../domain/report.ts';
import { isAtLeast } from '../domain/role.ts';
import { RunConfig } from '../domain/run-config.ts';
import { DIFF_ARTIFACT } from '../handlers/change-set.ts';
import { viewOf } from '../runs/view.ts';
import { readDiff, type FileDiff } from './diff.ts';
import type { PageDeps } from './env.ts';

/** All that a run's page shows. */
export type RunFacts = {
  run: Run;
  view: RunView;
  steps: Step[];
  events: EventRow[];
  artifacts: Artifact[];
  /** null where nothing was committed; `tooLarge` where a page of it would help nobody; `unreadable` where its store does not give it */
  diff: FileDiff[] | 'tooLarge' | 'unreadable' | null;
  /** what whoever looks may do now */
  may: { cancel: boolean; approve: boolean; retry: boolean };
};

const LARGEST_DIFF = 512 * 1024;

/** Reads a run that the principal may see. */
export async function readRun(deps: PageDeps, principal: Principal, run: Run): Promise<RunFacts> {
  const { db } = deps;
  const [view, steps, events, artifacts] = await Promise.all([
    viewOf(db, run),
    listSteps(db, run.id),
    listEvents(db, run.id),
    listArtifacts(db, run.id),
  ]);
  const [diff, may] = await Promise.all([diffOf(deps, artifacts), mayDo(deps, principal, run)]);
  return { run, view, steps, events, artifacts, diff, may };
}

async function diffOf({ adapters, log }: PageDeps, artifacts: readonly Artifact[]): Promise<RunFacts['diff']> {
  const found = artifacts.findLast(({ name }) => name === DIFF_ARTIFACT);
  if (!found) return null;
  if (found.size > LARGEST_DIFF) return 'tooLarge';
  try {
    return readDiff((await adapters.artifacts.get(found)).toString('utf8'));
  } catch (error) {
    // All else of the run can be told all the same.
    log.warn({ err: error, run: found.runId }, 'the diff could not be read for its page');
    return 'unreadable';
  }
}

/** What to offer somebody. It is asked again when they do it; who is in a team only then. */
async function mayDo({ access }: PageDeps, principal: Principal, run: Run): Promise<RunFacts['may']> {
  if (principal.kind === 'link') return { cancel: false, approve: false, retry: false };
  const { status, endedAt, source } = run;
  return {
    cancel: endedAt === null && (await access.mayChange(principal, run, LEAST_ROLE.cancel)),
    approve: status === 'waiting' && (await mayApprove(access, principal, run)),
    retry:
      endedAt !== null &&
      status !== 'succeeded' &&
      !source.pullRequest?.rebase &&
      isAtLeast(await access.roleIn(principal, { id: run.projectId }), LEAST_ROLE.retry),
  };
}

async function mayApprove(access: PageDeps['access'], principal: Principal, run: Run): Promise<boolean> {
  if (principal.kind === 'link') return false;
  const rules = RunConfig.parse(run.config);
  const approver = {
    login: principal.kind === 'admin' ? 'admin' : principal.login,
    id: principal.kind === 'admin' ? 0 : principal.githubId,
    role: await access.roleIn(principal, { id: run.projectId }),
  };
  return (
    teamsToAsk(rules, approver).length > 0 ||
    refuseApproval(rules, approver, { requester: run.source.requester, memberOf: new Map() }) === null
  );
}
