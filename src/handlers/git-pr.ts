import { z } from 'zod';
import { UserError } from '../errors.ts';
import { pullRequestTitle } from '../domain/naming.ts';
import { isRed, renderPullRequestBody } from '../domain/report.ts';
import { accessOf, repositoryOf } from './access.ts';
import { openCommitted, WriteOutputs } from './change-set.ts';
import { defineHandler, type StepContext } from './handler.ts';

const GitPrInputs = z.looseObject({
  fromStep: z.string(),
  title: z.string().optional(),
  draft: z.boolean().optional(),
});
type GitPrInputs = z.infer<typeof GitPrInputs>;

/** What the step hands on. */
export const GitPrOutputs = z.object({
  number: z.number(),
  url: z.string(),
  sha: z.string(),
  branch: z.string(),
  /** what could not be done about the pull request, in sentences */
  notes: z.array(z.string()),
});
export type GitPrOutputs = z.infer<typeof GitPrOutputs>;

const TEMPLATES = [
  '.github/pull_request_template.md',
  '.github/PULL_REQUEST_TEMPLATE.md',
  'pull_request_template.md',
  'PULL_REQUEST_TEMPLATE.md',
  'docs/pull_request_template.md',
];

/** GitHub takes no longer body. */
const TEMPLATE_LIMIT_BYTES = 60_000;

/** Pushes the run's commit to its `nofx/…` branch and finds or opens the pull request. */
export const gitPr = defineHandler<GitPrInputs>({
  inputs: GitPrInputs,
  timeLimitMs: 10 * 60_000,
  secrets: ['github'],
  async run(context) {
    const { run, adapters, inputs } = context;
    const repository = repositoryOf(context);
    const { outputs } = await context.outputsOf(inputs.fromStep);
    const written = WriteOutputs.parse(outputs);
    const [template] = await Promise.all([readTemplate(context), push(context, written)]);

    const view = await context.view();
    const pullRequest = await context.effect('pull_request', async () => {
      const { number, url } = await adapters.github.upsertPullRequest(repository, {
        head: run.branch,
        base: run.baseRef,
        title: inputs.title ?? pullRequestTitle({ issueTitle: run.source.issue?.title, prompt: run.source.prompt }),
        body: renderPullRequestBody(view, {
          template,
          issueNumber: run.source.issue?.number,
          closes: run.source.kind === 'issue',
        }),
        draft: view.gates.some(isRed) || (inputs.draft ?? run.config.draft),
      });
      return { number, url };
    });
    const { labels, assignees, reviewers } = run.config;
    const { notes } = await context.effect('triage', async () => ({
      notes: await adapters.github.triage(repository, { number: pullRequest.number, labels, assignees, reviewers }),
    }));
    const handedOn: GitPrOutputs = { ...pullRequest, sha: written.sha, branch: run.branch, notes };
    return { status: 'succeeded', outputs: handedOn, pullRequest };
  },
});

async function push(context: StepContext, written: WriteOutputs): Promise<void> {
  const { adapters } = context;
  await context.effect('push', async () => {
    const rebuilt = adapters.workspaces
      .has(accessOf(context), written.sha)
      // Another machine wrote it, or this one was cleaned: the artifacts make it again.
      .then((here) => (here ? null : openCommitted(context, written)));
    const [head] = await Promise.all([replaceable(context, written), rebuilt]);
    if (head === written.sha) return { sha: written.sha };
    try {
      await pushOver(context, written, head);
    } catch (error) {
      // The run's own marker may have come to the branch since; anything else is as it was.
      const now = head === null ? await replaceable(context, written) : null;
      if (now === null) throw error;
      if (now !== written.sha) await pushOver(context, written, now);
    }
    return { sha: written.sha };
  });
}

function pushOver(context: StepContext, { sha }: WriteOutputs, expected: string | null): Promise<void> {
  const { run, adapters } = context;
  return adapters.workspaces.push(accessOf(context), { sha, branch: run.branch, expected });
}

/** Where the branch stands, if a push may go over it: nothing, our own marker, or the same commit. What anyone else put there stays. */
async function replaceable(context: StepContext, written: WriteOutputs): Promise<string | null> {
  const { run, adapters } = context;
  const head = await adapters.github.branchHead(repositoryOf(context), run.branch);
  if (head === null || head === written.sha || head === (await context.marker()).sha) return head;
  throw new UserError(
    `Somebody else pushed to ${run.branch} while the run was under way; their commits were left alone.`,
    'Comment the command again to start from a new branch.',
  );
}

/** As the base branch has it, from our own copy: GitHub need not be asked. */
async function readTemplate(context: StepContext): Promise<string | undefined> {
  const base = await context.adapters.workspaces.readBase(accessOf(context), context.run.baseSha);
  for (const path of TEMPLATES) {
    const text = await base.text(path, TEMPLATE_LIMIT_BYTES);
    if (text !== null) return text;
  }
  return undefined;
}
