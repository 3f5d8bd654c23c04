/**
 * The steps as they stand, but none before what it needs. Those that wait for each other stay as they stand, behind the
 * others. `needs` gives names; one that no step has is no reason to wait.
 */
export function inOrder<S extends { name: string }>(steps: readonly S[], needs: (step: S) => readonly string[]): S[] {
  const left = [...steps];
  const sorted: S[] = [];
  while (left.length > 0) {
    const open = new Set(left.map(({ name }) => name));
    const ready = left.findIndex((step) => !needs(step).some((name) => open.has(name)));
    if (ready === -1) return [...sorted, ...left];
    sorted.push(...left.splice(ready, 1));
  }
  return sorted;
}
