import { sql } from 'drizzle-orm';
import { bigint, index, integer, uniqueIndex } from 'drizzle-orm/pg-core';
import { at, createdAt, jsonb, nofx, text } from './schema-columns.ts';

/** What the service keeps for itself: its inbox, its budget, how far it has come, and who may use it. */

/** The inbox: every accepted webhook, once. The primary key makes a redelivery a no-op. */
export const delivery = nofx.table(
  'delivery',
  {
    guid: text('guid').primaryKey(),
    event: text('event').notNull(),
    payload: jsonb('payload').notNull(),
    receivedAt: at('received_at').notNull().defaultNow(),
    processedAt: at('processed_at'),
    /** what came of it, in a word or two: `run run_…`, `ignored: …` */
    outcome: text('outcome'),
  },
  (t) => [
    index('delivery_processed')
      .on(t.receivedAt)
      .where(sql`processed_at is not null`),
    index('delivery_open')
      .on(t.receivedAt)
      .where(sql`processed_at is null`),
  ],
);

/**
 * How much has been written to GitHub in the current minute and hour as each installation, and by each personal token, counted
 * by all processes together.
 */
export const githubBudget = nofx.table('github_budget', {
  writer: text('writer').primaryKey(),
  minute: at('minute').notNull(),
  minuteUsed: integer('minute_used').notNull(),
  hour: at('hour').notNull(),
  hourUsed: integer('hour_used').notNull(),
  /** no write before then: GitHub said so, or the last one was less than a second ago */
  blockedUntil: at('blocked_until'),
});

/** How far a periodic task has come. */
export const watermark = nofx.table('watermark', {
  name: text('name').primaryKey(),
  value: jsonb('value').$type<Record<string, unknown>>().notNull(),
  updatedAt: at('updated_at').notNull().defaultNow(),
});

/** What opens the API to somebody on GitHub. The key itself is nowhere. */
export const apiKey = nofx.table(
  'api_key',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    userId: bigint('user_id', { mode: 'number' }).notNull(),
    /** as it was when the key was made: it is the id that counts */
    login: text('login').notNull(),
    sha256: text('sha256').notNull(),
    createdAt: createdAt(),
    /** to the minute */
    lastUsedAt: at('last_used_at'),
    revokedAt: at('revoked_at'),
  },
  (t) => [uniqueIndex('api_key_sha256').on(t.sha256)],
);

/** Whoever is signed in at the pages. What opens a session is in their browser's cookie alone. */
export const session = nofx.table(
  'session',
  {
    /** of what is in the cookie, with a key made of our secrets: with other secrets it is another */
    hash: text('hash').primaryKey(),
    /** the key it was begun with; null: the admin's password */
    keyId: text('key_id').references(() => apiKey.id, { onDelete: 'cascade' }),
    endsAt: at('ends_at').notNull(),
  },
  (t) => [index('session_ends').on(t.endsAt)],
);
