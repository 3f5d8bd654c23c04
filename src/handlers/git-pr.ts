import { z } from 'zod';
import { UserError } from '../errors.ts';
import { pullRequestTitle } from '../domain/naming.ts';
import { renderPullRequestBody } from '../domain/report.ts';
import { accessOf, repositoryOf } from './access.ts';
import { openCommitted, WriteOutputs } from './change-set.ts';
import { defineHandler, type StepContext } from './handler.ts';

const GitPrInputs = z.looseObject({ fromStep: z.string(), title: z.string().optional(), draft: z.boolean().optional() });
type GitPrInputs = z.infer<typeof GitPrInputs>;

const TEMPLATES = ['.github/pull_request_template.md', '.github/PULL_REQUEST_TEMPLATE.md', 'pull_request_template.md', 'PULL_REQUEST_TEMPLATE.md', 'docs/pull_request_template.md'];

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
    await push(context, written);

    const pullRequest = await context.effect('pull_request', async () => {
      const view = await context.view();
      const { number, url } = await adapters.github.upsertPullRequest(repository, {
        head: run.branch,
        base: run.baseRef,
        title: inputs.title ?? pullRequestTitle({ issueTitle: run.source.issue?.title, prompt: run.source.prompt }),
        body: renderPullRequestBody(view, {
          template: await readTemplate(context),
          issueNumber: run.source.issue?.number,
          closes: run.source.kind === 'issue',
        }),
        draft: inputs.draft ?? run.config.draft,
      });
      return { number, url };
    });
    return { status: 'succeeded', outputs: { ...pullRequest, sha: written.sha, branch: run.branch }, pullRequest };
  },
});

/** Only over nothing, our own marker, or the same commit: what anyone else put on the branch stays. */
async function push(context: StepContext, written: WriteOutputs): Promise<void> {
  const { run, adapters } = context;
  await openCommitted(context, written);
  await context.effect('push', async () => {
    const marker = await context.marker();
    const head = await adapters.github.branchHead(repositoryOf(context), run.branch);
    if (head === written.sha) return { sha: written.sha };
    if (head !== null && head !== marker.sha) {
      throw new UserError(
        `Somebody else pushed to ${run.branch} while the run was under way; their commits were left alone.`,
        'Comment the command again to start from a new branch.',
      );
    }
    await adapters.workspaces.push(accessOf(context), { sha: written.sha, branch: run.branch, expected: head });
    return { sha: written.sha };
  });
}

async function readTemplate(context: StepContext): Promise<string | undefined> {
  const { run, adapters } = context;
  // Git knows without asking GitHub where there can be none.
  const { names } = await adapters.workspaces.readBase(accessOf(context), run.baseSha);
  const possible = TEMPLATES.filter((path) => names.includes(path.includes('/') ? path.replace(/\/.*/, '/') : path));
  for (const path of possible) {
    const text = await adapters.github.readFile(repositoryOf(context), path, run.baseSha);
    if (text !== null) return text;
  }
  return undefined;
}
