import { z } from 'zod';

/** Who asked for a run, where, and in which words. Frozen at trigger time: later edits change nothing. */
export const RunSource = z.object({
  kind: z.enum(['issue', 'pull request', 'api']),
  repository: z.string(),
  installationId: z.number().int().nullable(),
  repositoryId: z.number().int().nullable(),
  requester: z.object({ login: z.string(), id: z.number().int() }),
  prompt: z.string(),
  issue: z.object({ number: z.number().int(), title: z.string(), body: z.string(), url: z.string() }).nullable(),
  /** the comment that asked; null when a label did */
  commentId: z.number().int().nullable(),
});
export type RunSource = z.infer<typeof RunSource>;

const Command = z.object({ command: z.string(), timeoutMinutes: z.number().positive().optional() });

/** The part of `.github/nofx.yml` a run is bound to, as it stood at its base. */
export const RunConfig = z.object({
  /** the repository's own test command; null: detect one */
  test: Command.nullable(),
  /** run before the tests; null: detect one */
  setup: Command.extend({ allowScripts: z.boolean(), domains: z.array(z.string()) }).nullable(),
  draft: z.boolean(),
});
export type RunConfig = z.infer<typeof RunConfig>;
