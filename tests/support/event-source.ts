export type Told = { id: number | null; data: Record<string, unknown> & { type: string } };

/** Reads server-sent events: those told so far, until the answer ends. */
export function readEvents(answer: Response): {
  told: Told[];
  comments: () => number;
  ended: Promise<void>;
  stop(): Promise<void>;
} {
  const told: Told[] = [];
  let comments = 0;
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  const ended = (async () => {
    for (let rest = ''; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data === undefined) comments += 1;
        else told.push({ id: Number(/^id: (\d+)$/m.exec(block)?.[1] ?? NaN) || null, data: JSON.parse(data) });
      }
    }
  })();
  ended.catch(() => {});
  return { told, comments: () => comments, ended, stop: () => reader.cancel() };
}
