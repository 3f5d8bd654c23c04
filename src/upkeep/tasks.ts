import { vacuum } from '../db/vacuum.ts';
import type { Deps } from '../runs/deps.ts';
import { syncInstallations } from '../runs/installed.ts';
import { reapChecks } from './reap-checks.ts';
import { reapComments } from './reap-comments.ts';
import { reapRuns } from './reap-runs.ts';
import { applyRetention, type RetentionDays } from './retention.ts';
import type { Task } from './schedule.ts';
import { sweepDeliveries } from './sweep-deliveries.ts';
import { tidyMachine } from './tidy-machine.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Everything that is done again and again. */
export function upkeepTasks(deps: Deps, { days, embedded }: { days: RetentionDays; embedded: boolean }): Task[] {
  return [
    {
      name: 'deliveries',
      everyMs: 10 * MINUTE,
      limitMs: 4 * MINUTE,
      firstMs: 0,
      atBoot: true,
      scope: 'deployment',
      run: (signal) => sweepDeliveries(deps, signal),
    },
    {
      name: 'projects',
      everyMs: HOUR,
      limitMs: 10 * MINUTE,
      firstMs: 0,
      atBoot: true,
      scope: 'deployment',
      run: (signal) => syncInstallations(deps, signal),
    },
    {
      name: 'runs',
      everyMs: 2 * MINUTE,
      limitMs: MINUTE,
      firstMs: MINUTE,
      scope: 'deployment',
      run: (signal) => reapRuns(deps, signal),
    },
    {
      name: 'checks',
      everyMs: HOUR,
      limitMs: 10 * MINUTE,
      firstMs: 10 * MINUTE,
      scope: 'deployment',
      run: (signal) => reapChecks(deps, signal),
    },
    {
      name: 'comments',
      everyMs: 5 * MINUTE,
      limitMs: 4 * MINUTE,
      firstMs: 5 * MINUTE,
      scope: 'deployment',
      run: (signal) => reapComments(deps, signal),
    },
    {
      name: 'retention',
      everyMs: HOUR,
      limitMs: 5 * MINUTE,
      firstMs: 5 * MINUTE,
      scope: 'deployment',
      run: (signal) => applyRetention(deps, days, signal),
    },
    {
      name: 'disk',
      everyMs: HOUR,
      limitMs: 10 * MINUTE,
      firstMs: 5 * MINUTE,
      scope: 'machine',
      run: (signal) => tidyMachine(deps, { retentionDays: days.runs }, signal),
    },
    ...(embedded ? [vacuumTask(deps)] : []),
  ];
}

/** For the embedded database, which does not look after itself. */
function vacuumTask({ db }: Pick<Deps, 'db'>): Task {
  return {
    name: 'vacuum',
    everyMs: HOUR,
    limitMs: 5 * MINUTE,
    firstMs: 10 * MINUTE,
    scope: 'deployment',
    run: async (signal) => ({ again: false, tables: await vacuum(db, signal) }),
  };
}
