import type { Logger } from 'pino';
import type { Executor } from '../db/client.ts';
import type { Outbound } from '../outbound/port.ts';
import type { Queue } from '../queue/jobs.ts';

/** What every use case of this room is given. */
export type OutboxDeps = {
  db: Executor;
  queue: Queue;
  outbound: Outbound;
  /** Takes every secret out of a text; messages leave NOFX. */
  redact: (text: string) => string;
  /** Keeps a secret that came up out of whatever is written from then on. */
  remember: (secret: string) => void;
  log: Logger;
};

/** Keeps an endpoint's secret out of what is written, with its prefix or without. */
export function rememberKey(secret: string, remember: OutboxDeps['remember']): void {
  remember(secret.replace(/^whsec_/, ''));
}
