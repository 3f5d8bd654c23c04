import { z } from 'zod';
import { gateOf, isManual } from './plan.ts';
import { standIns } from './stand-ins.ts';

/**
 * `waiting`: nothing of it can go on before a person has said yes. It holds no worker, and not the turn of its lane.
 */
export const RunStatus = z.enum(['queued', 'running', 'waiting', 'succeeded', 'neutral', 'failed', 'cancelled']);
export type RunStatus = z.infer<typeof RunStatus>;

/**
 * `waiting`: a person has to say yes first.
 * `neutral`: nothing to say either way (a gate without a command, or one that fails without the change as well); the run goes on.
 * `stopped`: there is no point in going on and nothing is wrong (no change to make); the run ends neutral.
 * `skipped`: never started, because something before it failed or stopped.
 */
export const StepStatus = z.enum([
  'pending',
  'queued',
  'running',
  'waiting',
  'succeeded',
  'neutral',
  'stopped',
  'failed',
  'cancelled',
  'skipped',
]);
export type StepStatus = z.infer<typeof StepStatus>;

/** What a failure is about; each kind names a different next thing to do. */
export const FailureKind = z.enum([
  'permission',
  'configuration',
  'repository',
  'protected_branch',
  'policy',
  'gate',
  'budget',
  'model',
  'conflict',
  'rate_limit',
  'timeout',
  'internal',
]);
export type FailureKind = z.infer<typeof FailureKind>;

export const Failure = z.object({ kind: FailureKind, message: z.string(), next: z.string() });
export type Failure = z.infer<typeof Failure>;

const TERMINAL_RUN = ['succeeded', 'neutral', 'failed', 'cancelled'] as const satisfies readonly RunStatus[];

/** True once a run can never change again. */
export function isTerminal(status: RunStatus): status is (typeof TERMINAL_RUN)[number] {
  return (TERMINAL_RUN as readonly RunStatus[]).includes(status);
}

type StepState = {
  id: string;
  name: string;
  tool: string;
  status: StepStatus;
  dependsOn: readonly string[];
  inputs?: { _replaces?: string | undefined };
};

export type NextOptions<S> = {
  cancelRequested?: boolean;
  /** whether its finished steps have made something that is on no branch yet */
  unkept?: boolean;
  tolerated?: (step: S) => boolean;
};

export type NextMoves = {
  /** ids of the steps whose dependencies are all done */
  enqueue: string[];
  /** the same of steps that wait for a person */
  ask: string[];
  /** ids of the steps that will never start */
  skip: string[];
  /** id of the step whose worker, instead of doing it, keeps what a cancelled run has made */
  keep: string | null;
  /** the run's terminal status; null while something is still to do */
  end: RunStatus | null;
  /** id of the step that ended it so, where one has failed or was cancelled */
  because: string | null;
  /** true while only a person's yes can move the run */
  pause: boolean;
};

/**
 * What follows from the state of a run's steps. Pure, and the only place that decides it: the same
 * steps always give the same moves, so a crash between deciding and doing costs nothing.
 *
 * After a failure, a stop or a request to cancel nothing new starts; what is running is awaited, so that the run ends once
 * and no step stays blocked. Where nothing runs as it is cancelled, and there is work to keep, one step stays open for that.
 * A failure that is `tolerated` is as good as success, and so is one that another step was added
 * in the stead of: who depends on it waits for that one.
 */
export function decideNext<S extends StepState>(
  steps: readonly S[],
  { cancelRequested = false, unkept = false, tolerated = () => false }: NextOptions<S> = {},
): NextMoves {
  const { newest, isReplaced } = standIns(steps);
  const excused = (step: S) => isReplaced(step) || tolerated(step);
  const failed = steps.find((step) => step.status === 'failed' && !excused(step));
  const unanswered = steps.find((step) => step.status === 'cancelled');
  const cancelled = cancelRequested || unanswered !== undefined;
  const stopped = steps.some((step) => step.status === 'stopped');
  const active = steps.some((step) => step.status === 'running');

  if (failed || cancelled || stopped) {
    const open = steps.filter(({ status }) => NOT_BEGUN.includes(status));
    const keeps = cancelRequested && unkept && !active;
    const keep = (keeps && (open.find(({ status }) => status === 'queued') ?? open[0])?.id) || null;
    const skip = open.map(({ id }) => id).filter((id) => id !== keep);
    const end = active || keep ? null : failed && !cancelRequested ? 'failed' : cancelled ? 'cancelled' : 'neutral';
    const because = (end === 'failed' ? failed : end === 'cancelled' ? unanswered : null)?.id ?? null;
    return { enqueue: [], ask: [], skip, keep, end, because, pause: false };
  }

  const done = new Set(
    steps
      .filter(
        (step) =>
          step.status === 'succeeded' || step.status === 'neutral' || (step.status === 'failed' && excused(step)),
      )
      .map((step) => step.name),
  );
  const isDone = (name: string) => done.has(newest(name)?.name ?? name);
  const ready = steps.filter((step) => step.status === 'pending' && step.dependsOn.every(isDone));
  const ask = ready.filter(({ tool }) => isManual(tool));
  const enqueue = ready.filter((step) => !ask.includes(step));
  const asked = ask.length > 0 || steps.some((step) => step.status === 'waiting');
  return {
    enqueue: enqueue.map(({ id }) => id),
    ask: ask.map(({ id }) => id),
    skip: [],
    keep: null,
    end: done.size === steps.length ? 'succeeded' : null,
    because: null,
    pause: asked && enqueue.length === 0 && !steps.some(({ status }) => status === 'queued' || status === 'running'),
  };
}

/** Nobody is at work on them, and nothing is lost when nobody ever is. */
const NOT_BEGUN: readonly StepStatus[] = ['pending', 'queued', 'waiting'];

/** Whether a step's failure ends nothing: a gate's verdict, where the repository wants a draft all the same. */
export function isTolerated(
  step: { tool: string; failure: Failure | null },
  { onGateFailure }: { onGateFailure?: 'block' | 'draft' },
): boolean {
  return onGateFailure === 'draft' && gateOf(step.tool) !== null && step.failure?.kind === 'gate';
}
