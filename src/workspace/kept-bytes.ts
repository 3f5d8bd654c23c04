export type KeptBytes = { get(key: string): Buffer | undefined; set(key: string, bytes: Buffer): void };

/** Keeps what was used last, up to so many bytes in all. For what can be had again, and is the same then. */
export function keepBytes(most: number): KeptBytes {
  // In the order of their last use.
  const kept = new Map<string, Buffer>();
  let total = 0;
  const drop = (key: string) => {
    total -= sizeOf(key, kept.get(key));
    kept.delete(key);
  };
  const set = (key: string, bytes: Buffer) => {
    drop(key);
    kept.set(key, bytes);
    total += sizeOf(key, bytes);
    for (const oldest of kept.keys()) {
      if (total <= most) return;
      drop(oldest);
    }
  };
  return {
    get(key) {
      const bytes = kept.get(key);
      if (bytes) set(key, bytes);
      return bytes;
    },
    set,
  };
}

const sizeOf = (key: string, bytes: Buffer | undefined) => (bytes ? key.length + bytes.length : 0);
