import { z } from 'zod';
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
    const all = githubOf(context.project) === null ? [...notes, noPullRequest(written.branch)] : notes;
    return { status: 'succeeded', outputs: { sha, branch: written.branch, notes: all } };
  },
});

function noPullRequest(branch: string): string {
  return `NOFX opens pull requests on GitHub only. The work is on the branch \`${branch}\`.`;
}
