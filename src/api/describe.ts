import { z } from '@hono/zod-openapi';

/** An answer in JSON, as a route describes it. */
export function answers<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } };
}

/** A body in JSON that has to be there. */
export function takes<Schema extends z.ZodType>(schema: Schema) {
  return { required: true as const, content: { 'application/json': { schema } } };
}

/** What is said where something was done, and there is nothing to show of it. */
export const Done = z.object({ success: z.literal(true), message: z.string() });
