import { bigint, boolean, index, integer, uniqueIndex } from 'drizzle-orm/pg-core';
import { at, createdAt, jsonb, nofx, text } from './schema-columns.ts';
import { project, run } from './schema-runs.ts';

/** Who is told of run events, and how the telling went. */

/** Somebody else's address that is told of run events. */
export const endpoint = nofx.table('endpoint', {
  id: text('id').primaryKey(),
  url: text('url').notNull(),
  /** `whsec_…`, the key its messages are signed with */
  secret: text('secret').notNull(),
  /** event types it wants; null: all */
  types: jsonb('types').$type<string[]>(),
  /** null: runs of every project */
  projectId: text('project_id').references(() => project.id, { onDelete: 'cascade' }),
  enabled: boolean('enabled').notNull().default(true),
  /** messages given up in a row; at a limit the endpoint is switched off */
  failures: integer('failures').notNull().default(0),
  disabledReason: text('disabled_reason'),
  createdAt: createdAt(),
});

/** A run event on its way to an endpoint. Its id is the same on every attempt. */
export const message = nofx.table(
  'message',
  {
    id: text('id').primaryKey(),
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => endpoint.id, { onDelete: 'cascade' }),
    runId: text('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    status: text('status').$type<'pending' | 'delivered' | 'failed'>().notNull(),
    attempts: integer('attempts').notNull().default(0),
    createdAt: createdAt(),
    endedAt: at('ended_at'),
  },
  (t) => [
    uniqueIndex('message_endpoint_event').on(t.endpointId, t.runId, t.seq),
    index('message_endpoint_created').on(t.endpointId, t.createdAt.desc()),
    index('message_run').on(t.runId),
  ],
);

/** The delivery log: one row for each time a message was sent. */
export const messageAttempt = nofx.table(
  'message_attempt',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    messageId: text('message_id')
      .notNull()
      .references(() => message.id, { onDelete: 'cascade' }),
    at: at('at').notNull().defaultNow(),
    /** HTTP status; null when no answer came */
    status: integer('status'),
    durationMs: integer('duration_ms').notNull(),
    error: text('error'),
  },
  (t) => [index('message_attempt_message').on(t.messageId, t.at)],
);
