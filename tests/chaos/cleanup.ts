/** What is taken down at the end, also where that comes early: newest first, each also if one before it failed. */
export function createCleanup(): {
  /** Gives what is made, and remembers how it is taken down; also what is still being made when the end comes. */
  own<T>(made: Promise<T> | T, takeDown: (it: T) => unknown): Promise<T>;
  run(): Promise<void>;
} {
  const toDo: (() => Promise<unknown>)[] = [];
  return {
    own(made, takeDown) {
      const making = Promise.resolve(made);
      toDo.push(() =>
        making.then(
          takeDown,
          // What was not made need not be taken down; whoever asked for it has the error.
          () => {},
        ),
      );
      return making;
    },
    async run() {
      for (const act of toDo.splice(0).reverse()) await act().catch((error: unknown) => console.error(error));
    },
  };
}

/** Rejects once somebody wants this process to end: Ctrl-C, or a supervisor. */
export function untilInterrupted(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      // Told again it still clears up: what it has started would outlive it.
      process.on(signal, () => reject(new Error(`Stopped by ${signal}.`)));
    }
  });
}
