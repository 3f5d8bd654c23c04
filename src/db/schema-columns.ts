import { customType, pgSchema, timestamp } from 'drizzle-orm/pg-core';
import { storableJson, storableText } from '../domain/storable.ts';

/** Where all tables are, and the columns that many of them have. */

export const nofx = pgSchema('nofx');

/** Text, as Postgres keeps it: what other people, models and programs say must not be what a run fails of. */
export const text = customType<{ data: string; driverData: string }>({
  dataType: () => 'text',
  toDriver: storableText,
});

/** JSON, likewise. */
export const jsonb = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: storableJson,
});

export const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
export const createdAt = () => at('created_at').notNull().defaultNow();
