/**
 * Statements of one transaction that do not need one another's results, sent together: one wait for all of them.
 * Ends only when each of them has, also where one fails (with the first error): one that came late would otherwise find
 * its transaction over, and run outside of it.
 */
export async function together<const T extends readonly unknown[]>(
  statements: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(statements);
  return Promise.all(statements);
}
