import { z } from 'zod';
import { code } from '../domain/markdown.ts';
import type { GitMode } from '../domain/project.ts';
import { githubOf } from './access.ts';
import { WriteOutputs } from './change-set.ts';
import { defineHandler } from './handler.ts';
import { pushWork } from './push-work.ts';

/** Pushes the run's commit to its `nofx/…` branch, and leaves it at that: who asked wants no pull request. */
export const gitPush = defineHandler({
  inputs: z.looseObject({ fromStep: z.string() }),
  timeLimitMs: 10 * 60_000,
  secrets: ['github'],
  async run(context) {
    const { outputs } = await context.outputsOf(context.inputs.fromStep);
    const written = WriteOutputs.parse(outputs);
    const { sha, notes = [] } = await pushWork(context, written);
    const all =
      githubOf(context.project) === null ? [...notes, noPullRequest(written.branch, context.run.gitMode)] : notes;
    return { status: 'succeeded', outputs: { sha, branch: written.branch, notes: all } };
  },
});

function noPullRequest(branch: string, gitMode: GitMode): string {
  if (gitMode === 'hidden') return `The work is kept as ${code(branch)}, for somebody to take it over.`;
  return `NOFX opens pull requests on GitHub only. The work is on the branch ${code(branch)}.`;
}
