import type { Deps } from '../runs/deps.ts';
import { readMark, writeMark } from '../db/marks.ts';
import { storedGuids } from '../db/reap.ts';
import { decideRedelivery, type DeliveryAttempt } from '../domain/redelivery.ts';
import { messageOf, UserError } from '../errors.ts';
import { waitAskedBy } from '../runs/postpone.ts';

/** GitHub keeps the log of its deliveries for three days, and delivers again only what is in it. */
const WINDOW_MS = 3 * 24 * 3_600_000;
/** An attempt is listed once it was answered, ten seconds after it began at most; lists lag; clocks differ. */
const OVERLAP_MS = 15 * 60_000;
/** A second apart they take a minute and a half. */
const MOST_ASKED = 100;

/** So many in a row that GitHub fails to deliver again, and it is GitHub that is ill, not one of them. */
const MOST_FAULTS = 3;

const MARK = 'deliveries';

/**
 * Asks GitHub to deliver again what it could not deliver: it never does so by itself. Looks back to where everything was
 * settled last time, three days at most.
 */
export async function sweepDeliveries(
  { db, log, adapters }: Pick<Deps, 'db' | 'log' | 'adapters'>,
  signal: AbortSignal,
  most = MOST_ASKED,
): Promise<{ again: boolean; asked: number; lost: number }> {
  const now = new Date();
  const since = new Date(
    Math.max(now.getTime() - WINDOW_MS, Number((await readMark(db, MARK))?.['settledBefore'] ?? 0)),
  );
  const { attempts, complete } = await adapters.github.listDeliveries({ since, signal });
  const stored = await storedGuids(db, [...new Set(attempts.map(({ guid }) => guid))]);
  const { ask, lost, settledBefore } = decideRedelivery(attempts, stored, now);

  let asked = 0;
  let faults = 0;
  for (const attempt of ask.slice(0, most)) {
    signal.throwIfAborted();
    if (await askAgain(attempt)) asked += 1;
  }
  // Cut short, the list says nothing about what lies further back: next time it begins there again.
  if (complete && settledBefore) await writeMark(db, MARK, { settledBefore: settledBefore.getTime() - OVERLAP_MS });
  if (!complete) log.warn({ since, listed: attempts.length }, 'GitHub has more deliveries than one sweep reads');
  if (asked > 0) log.info({ asked, lost }, 'asked GitHub to deliver again what did not reach us');
  return { again: ask.length > most, asked, lost };

  /** False when GitHub cannot: it no longer has this one, or fails at it, and those behind it should not wait for that. */
  async function askAgain({ id, guid }: DeliveryAttempt): Promise<boolean> {
    try {
      await adapters.github.redeliver(id);
      faults = 0;
      return true;
    } catch (error) {
      if (waitAskedBy(error) !== null || (!(error instanceof UserError) && (faults += 1) >= MOST_FAULTS)) throw error;
      log.warn({ delivery: guid, reason: messageOf(error) }, 'GitHub does not deliver this again');
      return false;
    }
  }
}
