import { z } from 'zod';
import { pullRequestTitle } from '../domain/naming.ts';
import { isRed, renderPullRequestBody } from '../domain/report.ts';
import { hasApp, repositoryOf } from './access.ts';
import { readRules } from './base-branch.ts';
import { WriteOutputs } from './change-set.ts';
import { defineHandler, type StepContext } from './handler.ts';
import { pushWork } from './push-work.ts';

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

/** What is missing where there is a personal token in the app's stead. */
const NO_CHECKS = 'The commit has no checks of NOFX: only an app may write them, and it is not on this repository.';

const TEMPLATES = [
  '.github/pull_request_template.md',
  '.github/PULL_REQUEST_TEMPLATE.md',
  'pull_request_template.md',
  'PULL_REQUEST_TEMPLATE.md',
  'docs/pull_request_template.md',
  'docs/PULL_REQUEST_TEMPLATE.md',
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
    const [template, pushed] = await Promise.all([readTemplate(context), pushWork(context, written)]);

    const view = await context.view();
    const pullRequest = await context.effect('pull_request', async () => {
      const { number, url } = await adapters.github.upsertPullRequest(repository, {
        head: written.branch,
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
    const all = [
      ...(hasApp(context.project) || run.gitMode === 'hidden' ? [] : [NO_CHECKS]),
      ...(pushed.notes ?? []),
      ...notes,
    ];
    const handedOn: GitPrOutputs = { ...pullRequest, sha: pushed.sha, branch: written.branch, notes: all };
    return { status: 'succeeded', outputs: handedOn, pullRequest };
  },
});

/** As the base branch has it, from our own copy: GitHub need not be asked. */
async function readTemplate(context: StepContext): Promise<string | undefined> {
  const base = await readRules(context);
  for (const path of TEMPLATES) {
    const text = await base.text(path, TEMPLATE_LIMIT_BYTES);
    if (text !== null) return text;
  }
  return undefined;
}
