/** A step as others know it; `_replaces` is the name of the planned step that it was added in the stead of. */
type Named = { name: string; inputs?: { _replaces?: string | undefined } };

/**
 * Who goes by which name in a run: the newest of the steps added in the stead of `write` is what `write` means, also to the
 * steps that were planned before. `steps` are in the run's order.
 */
export function standIns<S extends Named>(steps: readonly S[]) {
  const newest = new Map<string, S>();
  for (const step of steps) newest.set(step.name, step).set(planned(step), step);
  return {
    newest: (name: string): S | undefined => newest.get(name),
    /** Whether another was added in its stead: what came of it decides nothing any more. */
    isReplaced: (step: S): boolean => newest.get(planned(step))!.name !== step.name,
  };
}

/** The name of the planned step that a step is, or stands for. */
export function planned({ name, inputs }: Named): string {
  return inputs?._replaces ?? name;
}
