import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import pg from 'pg';

/** Distinct statements a connection keeps prepared; the texts of queries over lists differ by the lists' lengths. */
const KEPT = 200;

/**
 * A connection that prepares each statement under a name the first time it is sent: parsing and planning cost more than
 * most of our statements do. Not through a pooler that gives each transaction another connection
 * (`preparesStatements`).
 */
export class PreparingClient extends pg.Client {
  readonly #names = new Map<string, string>();

  override query: pg.Client['query'] = ((config: unknown, ...rest: unknown[]) => {
    this.#gather();
    const sent = (super.query as (...args: unknown[]) => unknown).call(this, this.#named(config), ...rest);
    return isBegin(config) ? ahead(sent as Promise<unknown>) : sent;
  }) as pg.Client['query'];

  /** What is asked for in one go leaves in one write: each costs more than most of our statements take to send. */
  #gather(): void {
    const { stream } = (this as unknown as { connection: { stream: Socket } }).connection;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  #named(config: unknown): unknown {
    if (typeof config !== 'object' || config === null || !('text' in config) || typeof config.text !== 'string') {
      return config;
    }
    const known = this.#names.get(config.text);
    if (known === undefined && this.#names.size >= KEPT) return config;
    const name = known ?? createHash('sha256').update(config.text).digest('base64').slice(0, 32);
    this.#names.set(config.text, name);
    return { ...config, name };
  }
}

function isBegin(config: unknown): boolean {
  return typeof config === 'object' && config !== null && 'text' in config && config.text === 'begin';
}

/** The first statement of a transaction need not wait for its BEGIN, which fails where the connection does, and then so does that. */
async function ahead(begun: Promise<unknown>): Promise<{ rows: [] }> {
  begun.catch(() => {});
  return { rows: [] };
}

/** False for a URL with `?pgbouncer=true`: the sign, as Prisma and Supabase have it, of a pooler in transaction mode. */
export function preparesStatements(url: string): boolean {
  return new URL(url).searchParams.get('pgbouncer') !== 'true';
}
