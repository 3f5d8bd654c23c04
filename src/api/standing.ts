import { listValidKeys } from '../db/api-keys.ts';
import type { Executor } from '../db/client.ts';
import { listOpenSessions } from '../db/sessions.ts';
import type { Logger } from '../log.ts';

/** What somebody was let in by and may lose: the session of a browser (its hash), or an API key (its id). */
export type Standing = { kind: 'session' | 'key'; id: string };

export type Standings = {
  /** Has `end` called within seconds once a standing is lost, by whichever process. Gives the way to stop that. */
  hold(standing: Standing, end: () => void): () => void;
  close(): void;
};

/** Looks again and again whether what is held still stands: one query of a kind for all, however many hold. */
export function createStandings(deps: { db: Executor; log: Pick<Logger, 'warn'>; lookEveryMs?: number }): Standings {
  const { db, log, lookEveryMs = 2_000 } = deps;
  const held = new Set<{ standing: Standing; end: () => void }>();
  let looking = false;

  const look = async () => {
    const asked = [...held];
    const idsOf = (kind: Standing['kind']) => [
      ...new Set(asked.flatMap(({ standing }) => (standing.kind === kind ? standing.id : []))),
    ];
    const [sessions, keys] = [idsOf('session'), idsOf('key')];
    const good = {
      session: new Set(sessions.length > 0 ? await listOpenSessions(db, sessions) : []),
      key: new Set(keys.length > 0 ? await listValidKeys(db, keys) : []),
    };
    for (const { standing, end } of asked) if (!good[standing.kind].has(standing.id)) end();
  };
  const timer = setInterval(() => {
    if (looking || held.size === 0) return;
    looking = true;
    look()
      .catch((error: unknown) => log.warn({ err: error }, 'could not look whether sessions and keys still stand'))
      .finally(() => (looking = false));
  }, lookEveryMs);
  timer.unref();

  return {
    hold(standing, end) {
      const one = { standing, end };
      held.add(one);
      return () => void held.delete(one);
    },
    close: () => clearInterval(timer),
  };
}
