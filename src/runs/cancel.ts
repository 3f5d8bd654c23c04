import { listCancelRequested, lockRun, requestCancel } from '../db/runs.ts';
import { publish } from '../outbox/publish.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';
import { moveOn } from './move-on.ts';

/** Why a step's signal was aborted, or its end not written: somebody cancelled its run. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';

  constructor(runId: string) {
    super(`The run ${runId} was cancelled.`);
  }
}

/**
 * Cancels a run: what has not started never will; what is running is stopped by its worker within a
 * second or so (see watchCancels), and then the run ends. Where nothing runs it ends at once, unless a worker is to keep
 * what it has made (`decideNext`). False when it was over, or being cancelled.
 */
export async function cancelRun(
  deps: Pick<Deps, 'db' | 'queue' | 'progressEveryMs'>,
  runId: string,
  by: string,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    await lockRun(tx, runId);
    if (!(await requestCancel(tx, runId, by))) return false;
    await publish(tx, deps.queue, runId, [{ type: 'run.cancel_requested', payload: { by } }]);
    const run = await lockRun(tx, runId);
    await moveOn(tx, deps, run!);
    await announce(tx, deps, run!, 'now');
    return true;
  });
}

export type CancelWatch = {
  /**
   * A signal that aborts, with Cancelled, when the run is cancelled; `saw` is for who finds that out first. Call `done` when
   * the step is over.
   */
  watch(runId: string): { signal: AbortSignal; saw(cancelled: Cancelled): void; done(): void };
  stop(): void;
};

/**
 * Looks, while steps are running here, whether somebody cancelled their runs: one indexed query for
 * all of them every `everyMs`. Works whichever process the request came in by, and asks nothing of the
 * connection that a pooler could not give.
 */
export function watchCancels({ db, log }: Pick<Deps, 'db' | 'log'>, everyMs = 500): CancelWatch {
  const running = new Map<string, Set<AbortController>>();
  let busy = false;
  const look = async () => {
    if (busy || running.size === 0) return;
    busy = true;
    try {
      for (const id of await listCancelRequested(db, [...running.keys()])) {
        for (const controller of running.get(id) ?? []) controller.abort(new Cancelled(id));
      }
    } catch (error) {
      log.warn({ err: error }, 'could not look for cancelled runs');
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return {
    watch(runId) {
      const controller = new AbortController();
      const of = running.get(runId) ?? new Set();
      running.set(runId, of.add(controller));
      return {
        signal: controller.signal,
        saw: (cancelled) => controller.abort(cancelled),
        done() {
          of.delete(controller);
          if (of.size === 0) running.delete(runId);
        },
      };
    },
    stop: () => clearInterval(timer),
  };
}
