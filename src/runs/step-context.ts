import { createHash } from 'node:crypto';
import { z } from 'zod';
import { findArtifact, upsertArtifacts } from '../db/artifacts.ts';
import { recentFigures } from '../db/figures.ts';
import type { Run } from '../db/runs.ts';
import { holdsFence, listSteps, type Step } from '../db/steps.ts';
import { together } from '../db/together.ts';
import type { Project } from '../domain/project.ts';
import { RunConfig } from '../domain/run-config.ts';
import { standIns } from '../domain/stand-ins.ts';
import { InternalError, UserError } from '../errors.ts';
import { repositoryOf } from '../handlers/access.ts';
import type { RunFacts, StepContext } from '../handlers/handler.ts';
import { Cancelled } from './cancel.ts';
import type { Deps } from './deps.ts';
import { ensureMarker, once } from './effects.ts';
import type { Held } from './held.ts';
import { createLive } from './live.ts';
import { readBudget, spend } from './spend.ts';
import { loadView } from './view.ts';

/** Thrown out of a handler whose step another worker has taken over: its result is of no use. */
export class FenceLost extends Error {
  override readonly name = 'FenceLost';
}

/** For how long after a cancel work is kept. */
const KEEP_FOR_MS = 30_000;

/** What ends an attempt from outside: its lease or its process, and whoever cancels the run. */
export type Ends = { job: AbortSignal; cancel: AbortSignal };

/** The context in which a cancelled attempt keeps what it has; null where it was not cancelled, or may not go on. */
export function lateContext(deps: Deps, held: Held, { job, cancel }: Ends): StepContext | null {
  if (!(cancel.reason instanceof Cancelled) || job.aborted) return null;
  return createStepContext(deps, held, AbortSignal.any([job, AbortSignal.timeout(KEEP_FOR_MS)]), null);
}

/** Builds what a handler gets to see and do, bound to one attempt of one step. */
export function createStepContext(
  deps: Deps,
  held: Pick<Held, 'run' | 'step' | 'project'>,
  signal: AbortSignal,
  late: (() => StepContext | null) | null,
): StepContext {
  const { db, adapters } = deps;
  const { run, step } = held;
  const facts = factsOf(run);
  const project = inRun(held.project, facts.config);
  const log = deps.log.child({ run: run.id, step: step.id, attempt: step.attempt, tool: step.tool });

  const live = createLive(deps, held);

  const assertFence = async () => {
    signal.throwIfAborted();
    if (!(await holdsFence(db, step))) throw new FenceLost(`another worker has taken over ${step.id}`);
  };

  return {
    run: facts,
    project,
    step: { id: step.id, name: step.name, tool: step.tool, attempt: step.attempt },
    inputs: step.inputs,
    adapters,
    log,
    signal,
    assertFence,
    late: late ?? (() => null),

    async outputsOf(stepName) {
      const found = standIns(await listSteps(db, run.id)).newest(stepName);
      if (!found || (found.status !== 'succeeded' && found.status !== 'neutral')) {
        throw new UserError(
          `Step "${step.name}" needs the result of "${stepName}", which has not succeeded.`,
          'Name a step before it, or let it depend on that step.',
        );
      }
      return { stepId: found.id, outputs: found.outputs ?? {} };
    },

    async stepNamed(name) {
      const found = (await listSteps(db, run.id)).find((each) => each.name === name);
      if (!found) throw new InternalError(`There is no step "${name}" in ${run.id}.`);
      return { tool: found.tool, failure: found.failure, outputs: found.outputs ?? {} };
    },

    async saveArtifact(name, bytes, contentType) {
      const ref = await adapters.artifacts.put(artifactPath(step, name), bytes, contentType);
      signal.throwIfAborted();
      const row = { id: artifactId(step.id, name), runId: run.id, stepId: step.id, name, ...ref };
      const before = await db.transaction(async (tx) => {
        const [holds, replaced] = await together([
          holdsFence(tx, step),
          findArtifact(tx, step.id, name),
          upsertArtifacts(tx, [row]),
        ]);
        if (!holds) throw new FenceLost(`another worker has taken over ${step.id}`);
        return replaced;
      });
      if (before && before.path !== ref.path) await adapters.artifacts.remove(before).catch(() => {});
      return { artifact: name, sha256: ref.sha256, size: ref.size };
    },

    async readArtifact(stepId, name) {
      const ref = await findArtifact(db, stepId, name);
      if (ref === null) throw new InternalError(`There is no artifact "${name}" of ${stepId}.`);
      return adapters.artifacts.get(ref);
    },

    async effect(key, perform) {
      return once(deps, run.id, key, async () => {
        await assertFence();
        return perform();
      });
    },

    async commits() {
      const steps = await listSteps(db, run.id);
      return steps.flatMap(({ outputs }) => Committed.safeParse(outputs).data?.sha ?? []);
    },

    marker: () => ensureMarker(deps, run, repositoryOf({ project })),

    budget: () => readBudget(db, run),
    figures: () => recentFigures(db, run.projectId),
    spend: (usage, cost) => spend(db, step, { usage, cost }, live.look),
    tell: live.tell,
    view: () => loadView(deps, run.id),
  };
}

/** What a step hands on that has committed or pushed. */
const Committed = z.object({ sha: z.string(), branch: z.string() });

function factsOf(run: Run): RunFacts {
  return {
    id: run.id,
    goal: run.goal,
    source: run.source,
    // A run that an older version opened has what was known then.
    config: RunConfig.parse(run.config),
    model: run.model,
    gitMode: run.gitMode,
    baseRef: run.baseRef,
    baseSha: run.baseSha,
    rulesSha: run.source.pullRequest?.baseSha ?? run.baseSha,
    branch: run.branch,
    createdAt: run.createdAt,
  };
}

/** A local repository is where it is; how others are checked out is what holds for the run. */
function inRun(project: Project, { workspaceMode }: RunConfig): Project {
  return project.workspaceMode === 'local_path' ? project : { ...project, workspaceMode };
}

/** Each attempt has a place of its own, so that one that wakes up late writes over nothing that a later one has stored. */
function artifactPath({ id, runId, attempt }: Step, name: string): string {
  return `runs/${runId}/steps/${id}/${attempt > 1 ? `attempt-${attempt}/` : ''}${name}`;
}

/** The same artifact of the same step has the same id on every attempt. */
function artifactId(stepId: string, name: string): string {
  return `art_${createHash('sha256').update(`${stepId}\0${name}`).digest('hex').slice(0, 24)}`;
}
