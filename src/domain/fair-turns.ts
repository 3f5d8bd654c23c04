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
