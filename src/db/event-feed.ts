import { setTimeout as sleep } from 'node:timers/promises';
import { inArray } from 'drizzle-orm';
import pg from 'pg';
import type { Logger } from '../log.ts';
import type { Database } from './client.ts';
import { writeMark } from './marks.ts';
import { preparesStatements } from './prepared.ts';
import { run } from './schema.ts';

/** Both are in the migration `tell_events`. */
const CHANNEL = 'nofx_event';
const WATCHED = 'watched';

/** Well below the minute for which the trigger believes the mark. */
const MARK_EVERY_MS = 20_000;
const RECONNECT_MS = 500;

export type EventFeed = {
  /** Has `onNews` called whenever events may have been appended to a run, by whichever process. Gives the way to stop that. */
  watch(runId: string, onNews: () => void): Promise<() => void>;
  close(): Promise<void>;
};

/**
 * Tells of new events. The database notifies, on one connection of this process, while somebody watches; where it cannot
 * (a pooler between, a connection that broke), and for what was just being committed when the watching began, all watched
 * runs are looked at again and again, in one query.
 */
export function createEventFeed(
  { db, link }: Pick<Database, 'db' | 'link'>,
  { log, lookEveryMs = 2_000 }: { log: Pick<Logger, 'warn'>; lookEveryMs?: number },
): EventFeed {
  const watchers = new Map<string, Set<() => void>>();
  const seen = new Map<string, number>();
  const closing = new AbortController();
  let listening: Promise<unknown> | undefined;
  let markedAt = -Infinity;

  const tell = (runId: string) => {
    for (const onNews of watchers.get(runId) ?? []) onNews();
  };
  const mark = async () => {
    if (performance.now() - markedAt < MARK_EVERY_MS) return;
    markedAt = performance.now();
    await writeMark(db, WATCHED, {});
  };
  const look = async () => {
    await mark();
    const rows = await db
      .select({ id: run.id, lastSeq: run.lastSeq })
      .from(run)
      .where(inArray(run.id, [...watchers.keys()]));
    for (const { id, lastSeq } of rows) {
      if (seen.get(id) !== lastSeq) tell(id);
      if (watchers.has(id)) seen.set(id, lastSeq);
    }
  };
  const looking = (async () => {
    while (!closing.signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      if (watchers.size === 0 || closing.signal.aborted) continue;
      await look().catch((error: unknown) => log.warn({ err: error }, 'could not look for new events'));
    }
  })();

  return {
    async watch(runId, onNews) {
      listening ??= listen(link, { tell, tellAll: () => [...watchers.keys()].forEach(tell), signal: closing.signal });
      await mark();
      const of = watchers.get(runId) ?? new Set();
      watchers.set(runId, of.add(onNews));
      return () => {
        of.delete(onNews);
        if (of.size > 0 || watchers.get(runId) !== of) return;
        watchers.delete(runId);
        seen.delete(runId);
      };
    },
    async close() {
      closing.abort();
      await Promise.all([listening, looking]);
    },
  };
}

type Listening = { tell(runId: string): void; tellAll(): void; signal: AbortSignal };

/** Listens until the signal; ends when nothing of it is left. */
async function listen(link: Database['link'], { tell, tellAll, signal }: Listening): Promise<void> {
  if (link.kind === 'pglite') {
    const unlisten = await link.pglite.listen(CHANNEL, tell);
    if (!signal.aborted) await aborted(signal);
    return unlisten();
  }
  // Behind a pooler in transaction mode a session is nobody's, and hears nothing.
  if (!preparesStatements(link.url)) return;
  while (!signal.aborted) {
    const client = new pg.Client({ connectionString: link.url, keepAlive: true });
    const ended = new Promise<void>((resolve) => void client.once('end', resolve));
    // Without a listener a connection that breaks would end the process.
    client.on('error', () => {});
    client.on('notification', ({ payload }) => tell(payload ?? ''));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      // What happened while nobody listened.
      tellAll();
      await Promise.race([ended, aborted(signal)]);
    } catch {
      // The database is away; meanwhile, and until it is back, there is the looking.
    }
    await client.end().catch(() => {});
    if (!signal.aborted) await sleep(RECONNECT_MS, undefined, { signal, ref: false }).catch(() => {});
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
