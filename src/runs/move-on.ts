import type { SQL } from 'drizzle-orm';
import type { NewEvent } from '../db/events.ts';
import {
  becomes,
  countAhead,
  giveTurn,
  listLane,
  lockLane,
  lockRun,
  readPriorities,
  resumeRun,
  type Run,
} from '../db/runs.ts';
import { together } from '../db/together.ts';
import { letWait, listSteps, setStepStatus, type Step } from '../db/steps.ts';
import { priorityOf } from '../domain/fair-turns.ts';
import { decideNext, isTerminal, isTolerated, type Failure, type NextMoves } from '../domain/run.ts';
import { APPROVAL_DAYS } from '../domain/run-config.ts';
import type { Executor } from '../db/client.ts';
import { hasUnkeptWork } from '../handlers/keep-work.ts';
import { publish } from '../outbox/publish.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';

type Needs = Pick<Deps, 'queue' | 'progressEveryMs'>;

export type MoveOptions = {
  startAfterSeconds?: number;
  /** what happened before it, for the same entry in the trail */
  events?: NewEvent[];
  /** the run's steps, where the caller has just read them under its lock */
  steps?: readonly Step[];
};

/**
 * Does what follows from the state of a run's steps: starts what became ready, has people asked what they are to be
 * asked, skips what never will start, and ends the run when nothing is left to do. True when it has halted: it has ended,
 * or waits for a person. The caller holds the run's lock.
 */
export async function moveOn(tx: Executor, deps: Needs, run: Run, options: MoveOptions = {}): Promise<boolean> {
  const { startAfterSeconds = 0, events = [], steps = await listSteps(tx, run.id) } = options;
  const moves = decideNext(steps, {
    cancelRequested: run.cancelRequestedAt !== null,
    unkept: run.cancelRequestedAt !== null && hasUnkeptWork(run, steps),
    tolerated: (step) => isTolerated(step, run.config),
  });
  const byId = new Map(steps.map((step) => [step.id, step]));
  const keep = moves.keep === null ? null : byId.get(moves.keep)!;
  const ready = keep === null ? moves.enqueue : keep.status === 'queued' ? [] : [keep.id];
  const turn = ready.length > 0 ? await turnOf(tx, run) : null;
  // What a run keeps goes to a branch of its own: that need not be its turn.
  const enqueue = turn?.mine || keep ? ready : [];
  const priority = keep ? TO_KEEP : turn?.priority;
  const halt = haltOf(run, moves, (moves.because && byId.get(moves.because)?.failure) || null);
  const happened = [
    ...events,
    ...(turn?.events ?? []),
    ...enqueue.map((id) => about('step.enqueued', byId.get(id)!)),
    ...moves.ask.map((id) => about('step.waiting', byId.get(id)!)),
    ...moves.skip.map((id) => about('step.skipped', byId.get(id)!)),
    ...(halt ? [halt.event] : []),
  ];
  await together([
    setStepStatus(tx, enqueue, 'queued'),
    letWait(tx, moves.ask, run.config.approvalTimeoutDays ?? APPROVAL_DAYS),
    setStepStatus(tx, moves.skip, 'skipped'),
    ...enqueue.map((stepId) =>
      deps.queue.enqueue(tx, 'step', { runId: run.id, stepId }, { priority, startAfterSeconds }),
    ),
    keep?.status === 'queued' && deps.queue.hasten(tx, keep.id, TO_KEEP),
    publish(tx, deps.queue, run.id, happened, halt?.change),
  ]);
  if (halt && run.turnAt !== null) await startNextOfLane(tx, deps, run.lane);
  else if (halt && run.status !== 'waiting') await moveUp(tx, deps, run);
  return halt !== null;
}

/** Before all that runs do: whoever cancels one does not wait in the line of those that go on. */
const TO_KEEP = 1;

/** The event of a step that became ready, or never will be. */
export function about(
  type: 'step.enqueued' | 'step.waiting' | 'step.skipped',
  { id, name, tool }: Pick<Step, 'id' | 'name' | 'tool'>,
): NewEvent {
  return { type, stepId: id, payload: { name, tool } };
}

type Turn = { mine: boolean; priority: number; events: NewEvent[] };

/**
 * Whether it is a run's turn to go on. One that waited for a person takes the turn of its lane if nobody has it, and
 * stands in line otherwise, its steps pending; among those of other lanes it is as one that comes now.
 */
async function turnOf(tx: Executor, run: Run): Promise<Turn> {
  const { priority: before } = run;
  if (run.status !== 'waiting') return { mine: run.turnAt !== null, priority: before, events: [] };
  await lockLane(tx, run.lane);
  const priority = priorityOf(await readPriorities(tx, run.projectId));
  await resumeRun(tx, run.id, priority);
  const ahead = await countAhead(tx, run);
  if (ahead === 0) await giveTurn(tx, run.id);
  const waits: NewEvent[] = ahead === 0 ? [] : [{ type: 'run.waiting', payload: { ahead } }];
  return { mine: ahead === 0, priority, events: [{ type: 'run.resumed' }, ...waits] };
}

type Halt = { event: NewEvent; change: SQL };

/** How a run halts, if it does: it waits for a person, or it ends, once. The caller holds its lock, so what it knows of it holds. */
function haltOf(run: Run, { pause, end }: NextMoves, failure: Failure | null): Halt | null {
  if (pause) {
    const waits = run.status === 'waiting';
    return waits ? null : { event: { type: 'run.paused' }, change: becomes.waiting() };
  }
  if (end === null || !isTerminal(end) || run.endedAt !== null) return null;
  return {
    event: { type: `run.${end}`, payload: failure ? { failure } : {} },
    change: becomes.ended(end, failure),
  };
}

/**
 * Gives the turn of a lane to the first in line, and tells those behind it that they moved up.
 * Locks are taken in one order — a run, its lane, the next run —, and a run that stands in line never asks for the lane:
 * so no two transactions wait for each other. (One that waited for a person does, but is not in line before.)
 */
async function startNextOfLane(tx: Executor, deps: Needs, lane: string): Promise<void> {
  let started = false;
  // The second sees what the first has waited for: each statement looks for itself.
  const [, inLine] = await together([lockLane(tx, lane), listLane(tx, lane)]);
  for (const { id } of inLine) {
    const waiting = await lockRun(tx, id);
    if (waiting === null || waiting.endedAt !== null) continue; // cancelled while we waited for its lock
    if (!started) await moveOn(tx, deps, { ...waiting, turnAt: await giveTurn(tx, id) });
    started = true;
    await announce(tx, deps, waiting, 'soon');
  }
}

/**
 * Tells those behind a run that has left the line that they moved up. Their locks are taken by age, and after that of an
 * older one, as above.
 */
async function moveUp(tx: Executor, deps: Needs, { lane, createdAt }: Run): Promise<void> {
  const behind = (await listLane(tx, lane)).filter((other) => other.turnAt === null && other.createdAt > createdAt);
  for (const { id } of behind) {
    const waiting = await lockRun(tx, id);
    if (waiting?.endedAt === null) await announce(tx, deps, waiting, 'soon');
  }
}
