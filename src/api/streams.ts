import { listEvents, type EventRow } from '../db/events.ts';
import type { EventFeed } from '../db/event-feed.ts';
import type { Executor } from '../db/client.ts';
import { listSteps } from '../db/steps.ts';
import { cleanJson } from '../domain/clean-json.ts';
import type { Redactor } from '../domain/redact.ts';
import { isTerminal, RunStatus } from '../domain/run.ts';
import type { Logger } from '../log.ts';
import { createStandings, type Standing } from './standing.ts';

/** Proxies end what is silent for longer. */
const HEARTBEAT_MS = 15_000;
/** Then the reader comes back, and is asked again whether it may. */
const LONGEST_MS = 15 * 60_000;
/** What a reader may be behind by, in bytes, before it is cut off; it comes back where it was. */
const BEHIND = 1024 * 1024;
const MOST = 2_000;

type Reader = { seq: number; since: number; release?: () => void; write(text: string): void; end(): void };
type Channel = { readers: Set<Reader>; reading: boolean; again: boolean; unwatch: () => void };

export type Streams = {
  /**
   * The events of a run behind `seq`, as they are and as they come, until its end or that of the reader's standing; null where
   * there are too many readers.
   */
  open(runId: string, seq: number, standing?: Standing): ReadableStream<Uint8Array> | null;
  /** Ends them all. */
  close(): void;
};

/**
 * Server-sent events: what is read for one reader of a run is read for all, so that five hundred who watch the same cost
 * one query for each thing that happens.
 */
export function createStreams(deps: {
  db: Executor;
  feed: EventFeed;
  redact: Redactor;
  log: Pick<Logger, 'warn'>;
  heartbeatMs?: number;
  /** so many readers at once */
  most?: number;
}): Streams {
  const { db, feed, redact, log, heartbeatMs = HEARTBEAT_MS, most = MOST } = deps;
  const channels = new Map<string, Channel>();
  const all = new Set<Reader>();
  const standings = createStandings({ db, log });

  const leave = (runId: string, reader: Reader) => {
    all.delete(reader);
    reader.release?.();
    const channel = channels.get(runId);
    channel?.readers.delete(reader);
    if (channel?.readers.size !== 0) return;
    channels.delete(runId);
    channel.unwatch();
  };

  /** Brings every reader of a run up to date; those who come meanwhile are served by another round. */
  const read = async (runId: string, channel: Channel) => {
    channel.again = true;
    if (channel.reading) return;
    channel.reading = true;
    try {
      while (channel.again && channel.readers.size > 0) {
        channel.again = false;
        await serve(runId, channel);
      }
    } catch (error) {
      log.warn({ err: error, run: runId }, 'could not read the events of a run');
      for (const reader of channel.readers) reader.end();
    } finally {
      channel.reading = false;
    }
  };

  const serve = async (runId: string, { readers }: Channel) => {
    const events = await listEvents(db, runId, Math.min(...[...readers].map(({ seq }) => seq)));
    const outputs = events.some(({ type }) => type === 'step.finished') ? await listSteps(db, runId) : [];
    for (const event of events) {
      const step = event.type === 'step.finished' ? outputs.find(({ id }) => id === event.stepId) : undefined;
      const text = frame(event, step?.outputs, redact);
      const last = isLast(event);
      for (const reader of readers) {
        if (event.seq <= reader.seq) continue;
        reader.seq = event.seq;
        reader.write(text);
        if (last) reader.end();
      }
    }
  };

  const beat = setInterval(() => {
    for (const reader of all) {
      if (performance.now() - reader.since > LONGEST_MS) reader.end();
      else reader.write(': still here\n\n');
    }
  }, heartbeatMs);
  beat.unref();

  const join = async (runId: string, reader: Reader) => {
    const known = channels.get(runId);
    const channel = known ?? { readers: new Set(), reading: false, again: false, unwatch: () => {} };
    channel.readers.add(reader);
    if (known === undefined) {
      channels.set(runId, channel);
      const unwatch = await feed.watch(runId, () => void read(runId, channel));
      // Everybody may have left by now.
      if (channels.get(runId) !== channel) return unwatch();
      channel.unwatch = unwatch;
    }
    await read(runId, channel);
  };

  return {
    open(runId, seq, standing) {
      if (all.size >= most) return null;
      let reader: Reader;
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            const encoder = new TextEncoder();
            reader = {
              seq,
              since: performance.now(),
              write(text) {
                if (!all.has(reader)) return;
                controller.enqueue(encoder.encode(text));
                if ((controller.desiredSize ?? 0) < 0) reader.end();
              },
              end() {
                if (!all.has(reader)) return;
                leave(runId, reader);
                controller.close();
              },
            };
            all.add(reader);
            if (standing) reader.release = standings.hold(standing, () => reader.end());
            reader.write(`retry: 2000\ndata: ${JSON.stringify({ type: 'connected', runId })}\n\n`);
            join(runId, reader).catch((error: unknown) => {
              log.warn({ err: error, run: runId }, 'could not watch a run');
              for (const one of channels.get(runId)?.readers ?? []) one.end();
            });
          },
          cancel: () => leave(runId, reader),
        },
        new ByteLengthQueuingStrategy({ highWaterMark: BEHIND }),
      );
    },
    close() {
      clearInterval(beat);
      standings.close();
      for (const reader of all) reader.end();
    },
  };
}

/** Whether nothing comes behind an event: it says that the run has ended. */
function isLast({ type }: EventRow): boolean {
  const status = RunStatus.safeParse(type.replace(/^run\./, ''));
  return status.success && isTerminal(status.data);
}

function frame({ seq, type, runId, stepId, payload, createdAt }: EventRow, outputs: unknown, redact: Redactor): string {
  const { trace: _trace, ...shown } = payload;
  const told = {
    ...shown,
    ...(outputs !== undefined && { outputs }),
    type,
    runId,
    ...(stepId !== null && { stepId }),
    seq,
    at: createdAt.toISOString(),
  };
  return `id: ${seq}\ndata: ${cleanJson(told, redact)}\n\n`;
}
