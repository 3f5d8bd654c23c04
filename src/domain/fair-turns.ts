/** The priorities there are when a run comes; the higher goes first, and 0 is the highest. */
export type Priorities = {
  /** the best and the worst of the runs that are under way or in line, whoever's they are; null where there is none */
  open: { best: number; worst: number } | null;
  /** of the project's newest run, under way or over; null where it had none */
  newest: number | null;
};

/**
 * The priority of a run that comes now, so that repositories take turns: each run of a project comes one turn after the one
 * before it, and a project that had none is in this turn. So of two hundred runs of one repository the second waits for the
 * first of any other, and whoever asks again the moment they were served goes behind those that waited meanwhile.
 * (Start-time fair queueing, where each run costs the same.) Once all is done, turns are counted anew.
 */
export function priorityOf({ open, newest }: Priorities): number {
  if (open === null) return 0;
  if (newest === null) return open.best;
  return Math.min(open.best, Math.max(newest, open.worst) - 1);
}

/** What a webhook is taken to cost a worker, and how far one repository's may fall behind the others'; in seconds. */
const COST = 1;
const FARTHEST = 600;
/** Priorities are whole numbers of 32 bits. */
const EPOCH = Date.UTC(2026, 0) / 1_000;

/**
 * The priority of each webhook as it comes, so that what a hundred of one repository are about does not keep that of another
 * waiting: each has the time at which it would come if its repository sent one a second, and the earliest goes first (a
 * virtual clock). Those that come to one process keep their order within a repository. Each process has its own clock, so what a
 * busy one took may be looked at after what an idle one took later. That does no harm: who may, the label, and the code are as
 * they are when it is looked at; runs of one issue take turns in whatever order; and what ends something waits for what came before
 * it (`conversation/cancel.ts`), for GitHub does not keep the order either. `now` is in milliseconds.
 */
export function createArrivals(now: () => number): (repository: string | number) => number {
  const last = new Map<string | number, number>();
  let sweptAt = 0;
  return (repository) => {
    const time = now() / 1_000 - EPOCH;
    if (time - sweptAt > FARTHEST) {
      for (const [each, at] of last) if (at < time) last.delete(each);
      sweptAt = time;
    }
    const at = Math.min(Math.max(time, (last.get(repository) ?? -Infinity) + COST), time + FARTHEST);
    last.set(repository, at);
    return -Math.floor(at);
  };
}
