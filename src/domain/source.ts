import { z } from 'zod';
import { RunOptions } from './command-options.ts';
import { LineComment } from './event.ts';

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
  /** the pull request that the run changes; null or absent where it opens one */
  pullRequest: z
    .object({
      number: z.number().int(),
      url: z.string(),
      /** the commit of the base branch that it was last seen against: people's, not ours */
      baseSha: z.string(),
      /** where its branch stood; the run changes nothing where it stands elsewhere by then */
      headSha: z.string(),
      /** the run moves it to a new base, and is about nothing else */
      rebase: z.boolean().optional(),
    })
    .nullish(),
  /** what was said beside lines of the pull request, for the run to heed */
  remarks: z.array(LineComment).optional(),
  /** the comment beside a line whose thread is answered in; else the answer is a comment of the issue */
  threadId: z.number().int().optional(),
  /** what they settled for this run, beside the words */
  options: RunOptions.optional(),
});
export type RunSource = z.infer<typeof RunSource>;
