import { desc } from 'drizzle-orm';
import { listEvents } from '../db/events.ts';
import { run as runs } from '../db/schema.ts';
import { isTerminal } from '../domain/run.ts';
import { loadView } from '../runs/view.ts';
import type { StepView } from '../domain/report.ts';
import type { Playground } from './playground.ts';

type Say = (line: string) => void;

const STEP_WORDS: Record<string, string> = {
  plan: 'The model says what it would do, held to a schema; nothing is changed',
  codegen: 'The model works in a scratch checkout; what it changed is stored as artifacts',
  'workspace:write': 'The artifacts, hashes checked, are written to a workspace and committed',
  'gate:test': "The repository's own tests run in the sandbox, without network",
  git_push: "The commit is pushed to the pull request's branch, unless somebody else has pushed meanwhile",
  git_pr: 'The commit is pushed with an installation token and the pull request opened',
};

/** What of a run was told already. */
export type Told = { run: string | null; seq: number };

/**
 * Tells the newest run's events as they come, until the run has ended or waits for a person, and GitHub shows it. Gives how
 * far it has come, to go on from; a run that was told to its end before is not told again.
 */
export async function follow({ nofx, drain }: Playground, say: Say, told: Told = { run: null, seq: 0 }): Promise<Told> {
  const { db } = nofx.database;
  let seen = told.seq;
  let halted = false;
  let id = told.run;
  while (!halted) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [run] = await db.select().from(runs).orderBy(desc(runs.createdAt)).limit(1);
    if (!run) {
      if ((await nofx.deps.queue.pending()) === 0) break;
      continue;
    }
    if (run.id !== id) [id, seen] = [run.id, 0];
    const view = await loadView({ db }, run.id);
    for (const event of await listEvents(db, run.id, seen)) {
      seen = event.seq;
      const step = view.steps.find(({ name }) => name === event.payload['name']);
      const line = words(event.type, step);
      if (line) say(line);
    }
    // The row was read before the events: it says how things stand only where it knows of no fewer.
    const stands = (isTerminal(run.status) || run.status === 'waiting') && run.lastSeq === seen;
    const isNews = id !== told.run || seen > told.seq;
    halted = stands && (isNews || (await nofx.deps.queue.pending()) === 0);
  }
  await drain();
  return { run: id, seq: seen };
}

function words(type: string, step: StepView | undefined): string | null {
  if (type === 'run.created') return '👀  NOFX accepts: a run is opened, and its check run shows where it is';
  if (!step) return null;
  if (type === 'step.waiting') return `✋  ${step.name}: waits for a person, without a worker`;
  if (type === 'step.approved') return `✓   ${step.name}`;
  if (type === 'step.started')
    return `▸   ${step.name.startsWith('repair') ? 'The model is told what the tests found, and mends it' : (STEP_WORDS[step.tool] ?? step.tool)}`;
  if (type === 'step.finished') return `✓   ${step.name}${step.detail ? `: ${step.detail}` : ''} (${seconds(step)})`;
  if (type === 'step.failed') return `✗   ${step.name} (${seconds(step)})`;
  if (type === 'step.retried') return `↻   ${step.name} will be tried again`;
  return null;
}

function seconds({ startedAt, endedAt }: StepView): string {
  return startedAt && endedAt ? `${((endedAt.getTime() - startedAt.getTime()) / 1000).toFixed(1)} s` : '…';
}

/** The newest of what NOFX said on an issue or a pull request, as a person sees it. */
export function newestAnswer({ github }: Playground, repo: string, issue: number): string {
  const answer = github.comments(repo, issue).findLast(({ user }) => user?.login.endsWith('[bot]'));
  return visible(answer?.body ?? '(none)');
}

/** A heading between two parts of what is shown. */
export function headline(text: string): string {
  return `\n── ${text} ${'─'.repeat(Math.max(0, 76 - text.length))}`;
}

/** Prints what a person finds on GitHub afterwards. True when there is a pull request. */
export async function showResult(
  playground: Playground,
  { repo, issue }: { repo: string; issue: number },
  say: Say,
): Promise<boolean> {
  const { github } = playground;
  const title = (text: string) => say(headline(text));
  title(`the comment on ${repo}#${issue}`);
  say(newestAnswer(playground, repo, issue));
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
