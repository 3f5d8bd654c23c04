/** Every table: what drizzle-kit makes migrations of, and what queries import. */

export { nofx } from './schema-columns.ts';
export * from './schema-runs.ts';
export * from './schema-outbox.ts';
export * from './schema-service.ts';
