/** The most answers that are kept. */
const KEPT = 10_000;

/** Asks once for each key, also where many ask at once, and asks again once the answer is `forMs` old. A failure is not kept. */
export function createMemo<T>(forMs: number, ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, { at: number; answer: Promise<T> }>();
  return (key) => {
    const found = known.get(key);
    if (found && performance.now() - found.at < forMs) return found.answer;
    const entry = { at: performance.now(), answer: ask(key) };
    entry.answer.catch(() => known.get(key) === entry && known.delete(key));
    known.delete(key);
    known.set(key, entry);
    // The first one is the oldest.
    if (known.size > KEPT) known.delete(known.keys().next().value!);
    return entry.answer;
  };
}
