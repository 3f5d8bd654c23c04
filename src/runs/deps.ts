import type { Logger } from 'pino';
import type { Executor } from '../db/client.ts';
import type { Adapters } from '../handlers/handler.ts';
import type { Queue } from '../queue/jobs.ts';
import type { Tracing } from '../telemetry/port.ts';

/** What every use case of this room is given. */
export type Deps = {
  db: Executor;
  queue: Queue;
  adapters: Adapters;
  log: Logger;
  tracing: Tracing;
  /** The page of a run, for whoever reads its checks; none when absent, or null. */
  runLink?: (runId: string) => string | null;
  /** Between two updates of a run's comment and checks, but for the first and the last; 2,000 ms when absent. */
  progressEveryMs?: number;
  /** Between two looks into a step that runs: what it has spent, what its command has printed; 20,000 ms when absent. */
  liveEveryMs?: number;
};
