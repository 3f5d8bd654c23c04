/**
 * Sorts steps so that none comes before what it needs, and otherwise leaves them as they stand. `stuck` are those that wait for
 * each other, or for one that does. `needs` gives names; one that no step has is no reason to wait.
 */
export function sortSteps<S extends { name: string }>(
  steps: readonly S[],
  needs: (step: S) => readonly string[],
): { sorted: S[]; stuck: S[] } {
  const stuck = [...steps];
  const sorted: S[] = [];
  for (;;) {
    const open = new Set(stuck.map(({ name }) => name));
    const ready = stuck.findIndex((step) => !needs(step).some((name) => open.has(name)));
    if (ready === -1) return { sorted, stuck };
    sorted.push(...stuck.splice(ready, 1));
  }
}

/** The steps in that order, with those that wait for each other behind the others. */
export function inOrder<S extends { name: string }>(steps: readonly S[], needs: (step: S) => readonly string[]): S[] {
  const { sorted, stuck } = sortSteps(steps, needs);
  return [...sorted, ...stuck];
}
