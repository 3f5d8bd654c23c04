import type { Executor } from '../db/client.ts';
import type { Run } from '../db/runs.ts';
import type { Deps } from './deps.ts';

/** GitHub asks for few writes (80 a minute); people read a run's comment, they do not watch it. */
export const PROGRESS_EVERY_MS = 2_000;

/**
 * Has a run's comment and checks brought up to date, as part of the transaction that changed the run.
 * `soon` waits for `progressEveryMs`, and what changes until then becomes one update; `now` is for what
 * people wait for: that a run was opened, and how it ended.
 *
 * Runs are shown in the order in which they are worked on: those of a repository that has asked for many, which all want to
 * write to GitHub, do not keep the others waiting. One writer has one update at a time (runs/turns.ts).
 *
 * The caller holds the run's lock, and the update reads the rows under that lock (`readSettled`). So a
 * call that finds an update queued may leave it at that: the update waits for this transaction, and
 * sees it. The last change of a run is always shown, by whichever process.
 *
 * Gives until when (`performance.now()`) the update it has queued is certain to wait; 0 where that is not known.
 */
export async function announce(
  tx: Executor,
  { queue, progressEveryMs = PROGRESS_EVERY_MS }: Pick<Deps, 'queue' | 'progressEveryMs'>,
  { id: runId, priority, writer }: Pick<Run, 'id' | 'priority' | 'writer'>,
  when: 'now' | 'soon',
): Promise<number> {
  const asked = performance.now();
  const made = await queue.enqueue(
    tx,
    'progress',
    { runId },
    {
      singletonKey: runId,
      priority,
      group: writer ?? undefined,
      ...(when === 'now' ? { bringForward: true } : { startAfterSeconds: progressEveryMs / 1_000 }),
    },
  );
  return made && when === 'soon' ? asked + progressEveryMs : 0;
}
