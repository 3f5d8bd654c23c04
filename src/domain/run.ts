import { z } from 'zod';
import { gateOf } from './plan.ts';

export const RunStatus = z.enum(['queued', 'running', 'succeeded', 'neutral', 'failed', 'cancelled']);
export type RunStatus = z.infer<typeof RunStatus>;

/**
 * `neutral`: nothing to say either way (a gate without a command); the run goes on.
 * `stopped`: there is no point in going on and nothing is wrong (no change to make); the run ends neutral.
 * `skipped`: never started, because something before it failed or stopped.
 */
export const StepStatus = z.enum([
  'pending',
  'queued',
  'running',
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

type StepState = { id: string; name: string; status: StepStatus; dependsOn: readonly string[] };

export type NextOptions<S> = { cancelRequested?: boolean; tolerated?: (step: S) => boolean };

export type NextMoves = {
  /** ids of the steps whose dependencies are all done */
  enqueue: string[];
  /** ids of the steps that will never start */
  skip: string[];
  /** the run's terminal status; null while something is still to do */
  end: RunStatus | null;
};

/**
 * What follows from the state of a run's steps. Pure, and the only place that decides it: the same
 * steps always give the same moves, so a crash between deciding and doing costs nothing.
 *
 * After a failure, a stop or a request to cancel nothing new starts; what is running is awaited, so that the run ends once
 * and no step stays blocked. A failure that is `tolerated` is as good as success.
 */
export function decideNext<S extends StepState>(
  steps: readonly S[],
  { cancelRequested = false, tolerated = () => false }: NextOptions<S> = {},
): NextMoves {
  const failed = steps.some((step) => step.status === 'failed' && !tolerated(step));
  const cancelled = cancelRequested || steps.some((step) => step.status === 'cancelled');
  const stopped = steps.some((step) => step.status === 'stopped');
  const active = steps.some((step) => step.status === 'running');

  if (failed || cancelled || stopped) {
    const skip = steps.filter((step) => step.status === 'pending' || step.status === 'queued').map((step) => step.id);
    const end = active ? null : failed && !cancelRequested ? 'failed' : cancelled ? 'cancelled' : 'neutral';
    return { enqueue: [], skip, end };
  }

  const done = new Set(
    steps
      .filter(
        (step) =>
          step.status === 'succeeded' || step.status === 'neutral' || (step.status === 'failed' && tolerated(step)),
      )
      .map((s) => s.name),
  );
  const enqueue = steps
    .filter((step) => step.status === 'pending' && step.dependsOn.every((name) => done.has(name)))
    .map((step) => step.id);
  return { enqueue, skip: [], end: done.size === steps.length ? 'succeeded' : null };
}

/** Whether a step's failure ends nothing: a gate's verdict, where the repository wants a draft all the same. */
export function isTolerated(
  step: { tool: string; failure: Failure | null },
  { onGateFailure }: { onGateFailure?: 'block' | 'draft' },
): boolean {
  return onGateFailure === 'draft' && gateOf(step.tool) !== null && step.failure?.kind === 'gate';
}
