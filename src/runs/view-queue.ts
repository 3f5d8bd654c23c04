import { countWorkers } from '../db/presence.ts';
import { listLines, listRunningSteps } from '../db/work.ts';
import { queueDepths } from '../queue/depth.ts';
import type { Deps } from './deps.ts';

/** So many steps at work and lines are shown; there is no end to what might be going on. */
const SHOWN = 100;

/** What NOFX is at now: its queues, the steps at work, the lanes in which runs wait for their turn, the workers there are. */
export async function viewQueue({ db }: Pick<Deps, 'db'>) {
  const [queues, running, lines, workers] = await Promise.all([
    queueDepths(db),
    listRunningSteps(db, SHOWN),
    listLines(db, SHOWN),
    countWorkers(db),
  ]);
  return { queues, running, lines, workers };
}
