import { planned } from '../domain/stand-ins.ts';

/** Where a step stands in the drawing: its row from the top, and its lane from the left. */
export type Place = { row: number; lane: number };

export type Track = {
  places: Place[];
  /** from a step to one that goes on from it, as indexes of the steps; `mends`: because it mends what that one found */
  edges: { from: number; to: number; mends: boolean }[];
  lanes: number;
};

type Step = { name: string; dependsOn: readonly string[]; inputs?: { _replaces?: string | undefined }; mends?: string };

/**
 * Places the steps of a run, one a row, in their order, as git draws commits: a step takes the lane of what it goes on from
 * where that is free, else one of its own. Pure.
 */
export function layTrack(steps: readonly Step[]): Track {
  const edges = steps.flatMap((step, to) => [
    ...step.dependsOn.flatMap((name) => edge(newestBefore(steps, name, to), to, false)),
    ...(step.mends === undefined ? [] : edge(newestBefore(steps, step.mends, to), to, true)),
  ]);
  /** for each lane the step at its end, while somebody still goes on from it */
  const ends: (number | null)[] = [];
  const places = steps.map((_step, row): Place => {
    const behind = edges.filter(({ to }) => to === row).map(({ from }) => from);
    const own = ends.findIndex((end) => end !== null && behind.includes(end));
    const free = own === -1 ? ends.indexOf(null) : own;
    const lane = free === -1 ? ends.length : free;
    ends[lane] = row;
    for (const [each, end] of ends.entries()) {
      if (end !== null && !edges.some(({ from, to }) => from === end && to > row)) ends[each] = null;
    }
    return { row, lane };
  });
  return { places, edges, lanes: Math.max(1, ...places.map(({ lane }) => lane + 1)) };
}

function edge(from: number, to: number, mends: boolean): Track['edges'] {
  return from === -1 ? [] : [{ from, to, mends }];
}

/** The newest step before another that goes by a name. */
function newestBefore(steps: readonly Step[], name: string, before: number): number {
  return steps.slice(0, before).findLastIndex((step) => step.name === name || planned(step) === name);
}
