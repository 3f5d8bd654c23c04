import { pgSchema, timestamp } from 'drizzle-orm/pg-core';

/** Where all tables are, and the columns that many of them have. */

export const nofx = pgSchema('nofx');

export const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
export const createdAt = () => at('created_at').notNull().defaultNow();
