/** Something wrong with a plan: where, as in `steps.2.inputs.fromStep`, and in words that stand by themselves. */
export type Mistake = { field: string; message: string };

/** What is wrong with the step at a place of its plan. `field`: where in the step. */
export function mistakeIn(step: { name: string }, at: number, field: string, words: string): Mistake {
  return { field: `steps.${at}.${field}`, message: `step "${step.name}": ${words}` };
}

/** The words alone. */
export function wordsOf(mistakes: readonly Mistake[]): string[] {
  return mistakes.map(({ message }) => message);
}
