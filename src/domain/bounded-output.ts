export type BoundedOutput = { add(chunk: Buffer): void; text(): string };

/**
 * Keeps the first and the last half of `limit` bytes of a stream and counts the rest: what a command began with and how
 * it ended are what people need. Memory stays at about `limit`.
 */
export function boundedOutput(limit: number): BoundedOutput {
  const headLimit = Math.floor(limit / 2);
  const tailLimit = limit - headLimit;
  const head: Buffer[] = [];
  let headSize = 0;
  let tail: Buffer[] = [];
  let tailSize = 0;
  let dropped = 0;

  function trimTail(): void {
    const all = Buffer.concat(tail);
    const kept = Buffer.from(all.subarray(Math.max(0, all.length - tailLimit)));
    dropped += all.length - kept.length;
    tail = [kept];
    tailSize = kept.length;
  }

  return {
    add(chunk) {
      const toHead = chunk.subarray(0, headLimit - headSize);
      if (toHead.length > 0) head.push(Buffer.from(toHead));
      headSize += toHead.length;
      const rest = chunk.subarray(toHead.length);
      if (rest.length === 0) return;
      tail.push(Buffer.from(rest));
      tailSize += rest.length;
      // Trimmed in big steps: copying for each chunk would cost more than the chunk.
      if (tailSize > tailLimit * 2 + 65_536) trimTail();
    },
    text() {
      if (tailSize > tailLimit) trimTail();
      const start = Buffer.concat(head);
      const end = Buffer.concat(tail);
      if (dropped === 0) return Buffer.concat([start, end]).toString('utf8');
      return `${start.toString('utf8')}\n[… ${dropped} bytes left out …]\n${end.toString('utf8')}`;
    },
  };
}
