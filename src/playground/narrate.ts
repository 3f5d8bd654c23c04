import { desc } from 'drizzle-orm';
import { listEvents } from '../db/events.ts';
import { run as runs } from '../db/schema.ts';
import { isTerminal } from '../domain/run.ts';
import { loadView } from '../runs/view.ts';
import type { StepView } from '../domain/report.ts';
import type { Playground } from './playground.ts';

type Say = (line: string) => void;

const STEP_WORDS: Record<string, string> = {
  codegen: 'The model works in a scratch checkout; what it changed is stored as artifacts',
  'workspace:write': 'The artifacts, hashes checked, are written to a workspace and committed',
  'gate:test': "The repository's own tests run in the sandbox, without network",
  git_pr: 'The commit is pushed with an installation token and the pull request opened',
};

/** Tells a run's events as they come, until the run has ended and GitHub shows it. */
export async function follow({ nofx, drain }: Playground, say: Say): Promise<void> {
  const { db } = nofx.database;
  let seen = 0;
  let ended = false;
  while (!ended) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [run] = await db.select().from(runs).orderBy(desc(runs.createdAt)).limit(1);
    if (!run) {
      if ((await nofx.deps.queue.pending()) === 0) break;
      continue;
    }
    const view = await loadView({ db }, run.id);
    for (const event of await listEvents(db, run.id, seen)) {
      seen = event.seq;
      const step = view.steps.find(({ name }) => name === event.payload['name']);
      const line = words(event.type, step);
      if (line) say(line);
    }
    ended = isTerminal(run.status);
  }
  await drain();
}

function words(type: string, step: StepView | undefined): string | null {
  if (type === 'run.created')
    return '👀  NOFX accepts: a run is opened, and a marker commit on its branch carries the check run';
  if (!step) return null;
  if (type === 'step.started') return `▸   ${STEP_WORDS[step.tool] ?? step.tool}`;
  if (type === 'step.finished') return `✓   ${step.name}${step.detail ? `: ${step.detail}` : ''} (${seconds(step)})`;
  if (type === 'step.failed') return `✗   ${step.name} (${seconds(step)})`;
  if (type === 'step.retried') return `↻   ${step.name} will be tried again`;
  return null;
}

function seconds({ startedAt, endedAt }: StepView): string {
  return startedAt && endedAt ? `${((endedAt.getTime() - startedAt.getTime()) / 1000).toFixed(1)} s` : '…';
}

/** Prints what a person finds on GitHub afterwards. True when there is a pull request. */
export async function showResult(
  { github }: Playground,
  { repo, issue }: { repo: string; issue: number },
  say: Say,
): Promise<boolean> {
  const title = (text: string) => say(`\n── ${text} ${'─'.repeat(Math.max(0, 76 - text.length))}`);
  title(`the comment on ${repo}#${issue}`);
  const answer = github.comments(repo, issue).findLast(({ user }) => user?.login.endsWith('[bot]'));
  say(visible(answer?.body ?? '(none)'));
  const pull = github.pullRequests(repo).at(-1);
  if (!pull) return false;

  title(`the diff of #${pull.number}`);
  for (const file of await github.files(repo, pull.number))
    say(
      file.patch ? `${file.status}: ${file.filename}\n${file.patch}\n` : `${file.status}: ${file.filename} (binary)\n`,
    );
  title('the pull request');
  say(`#${pull.number} ${pull.title}  (${pull.head.ref} → ${pull.base.ref})`);
  say(`${pull.html_url}\n`);
  for (const check of github.checkRuns(repo, pull.head.sha))
    say(`${check.conclusion === 'success' ? '✓' : '✗'} ${check.name}: ${check.output.title}`);
  const branches = await github.branches(repo);
  say(
    `\n${pull.base.ref} is where it was: ${branches[pull.base.ref]?.slice(0, 7)}. Nothing is merged until a person merges it.`,
  );
  return true;
}

/** Markdown comments are for machines. */
const visible = (markdown: string) => markdown.replace(/<!--.*?-->\n?/gs, '').trim();
