import { whoApproves } from './approval.ts';
import type { Estimate } from './estimate.ts';
import { code, folded, inline, joinBlocks, plain, quote, someLines } from './markdown.ts';
import { shortHash } from './planned.ts';
import type { GitMode } from './project.ts';
import type { PlanView, Question, RunView } from './report-view.ts';
import { duration } from './report-words.ts';

/** GitHub refuses more; the rest of a comment has to fit beside it. */
const LIMIT = 40_000;

/** What a person has to know before they say yes, and how they say it; null where nobody is asked. */
export function renderQuestion(view: RunView): string | null {
  const { question, plan } = view;
  if (!question) return null;
  const aboutPlan = question.tool === 'manual:plan' && plan;
  return joinBlocks(aboutPlan ? aboutThePlan(view, question, plan) : aboutTheStep(view, question), LIMIT);
}

function aboutThePlan(view: RunView, question: Question, plan: PlanView): (string | null)[] {
  const { gitMode: mode } = view;
  return [
    mode === 'hidden'
      ? `**Nothing of this is done until ${whoApproves(question.approvers, mode)} says yes.**`
      : `**This plan will not be executed until it is approved by ${whoApproves(question.approvers, mode)}.**`,
    plan.by === 'model' ? quote(plan.summary, 3_000) : templateNotice(plan, mode),
    estimateLine(plan.estimate, mode),
    filesLine(plan.files, mode),
    risks(plan.risks),
    howToApprove(view, question, plan),
    mode === 'hidden' ? null : details(plan.steps),
  ];
}

function templateNotice({ why }: PlanView, mode: GitMode): string {
  const steps = mode === 'hidden' ? 'these are the steps that every task takes' : 'these are the steps of every run';
  return `The model made no plan of its own, so ${steps}.${why ? ` ${inline(why, 500)}` : ''}`;
}

/** `**Estimate:** $0.10–$0.50, 2m–7m at work; from the last 7 runs here. It cannot cost more than $5.00.` */
function estimateLine({ usd, ms, from, capUsd }: Estimate, mode: GitMode): string {
  const cap = `It cannot cost more than ${dollars(capUsd)}.`;
  const figures = [usd && range(usd, dollars), ms && `${range(ms, duration)} at work`].filter(Boolean);
  if (figures.length === 0) return `**Estimate:** none, for there is nothing to tell it from yet. ${cap}`;
  const tasks = mode === 'hidden' ? 'tasks' : 'runs';
  const source =
    from.kind === 'runs' ? `from the last ${from.count} ${tasks} here` : 'from how much the model expects to write';
  return `**Estimate:** ${figures.join(', ')}; ${source}. ${cap}`;
}

function range({ low, high }: { low: number; high: number }, words: (value: number) => string): string {
  const [from, to] = [words(low), words(high)];
  return from === to ? from : `${from}–${to}`;
}

function dollars(usd: number): string {
  return `$${usd.toFixed(usd >= 0.1 || usd === 0 ? 2 : 3)}`;
}

function filesLine(files: readonly string[], mode: GitMode): string | null {
  if (files.length === 0) return null;
  if (mode === 'hidden') return `It will probably touch ${files.length === 1 ? 'one file' : `${files.length} files`}.`;
  const shown = files.slice(0, 20).map((path) => code(path, 120));
  if (files.length > shown.length) shown.push(`${files.length - shown.length} more`);
  return `**Files it will probably touch:** ${shown.join(', ')}`;
}

function risks(all: readonly string[]): string | null {
  if (all.length === 0) return null;
  const lines = all.map((risk) => `- ${plain(risk, 500)}`);
  return `**What is not certain:**\n${someLines(lines, 4_000, (left) => `- … and ${left} more`)}`;
}

/** What the models that do it are told. */
function details(steps: PlanView['steps']): string | null {
  if (steps.length === 0) return null;
  const blocks = steps.map(({ title, prompt }) => `**${plain(title, 120)}**\n\n${quote(prompt, 1_500)}`);
  return folded('What each step is told', joinBlocks(blocks, 15_000));
}

/** What to comment so that a run goes on that waits for a person. */
export function approveCommand({ question, plan }: Pick<RunView, 'question' | 'plan'>): string {
  return question?.tool === 'manual:plan' && plan ? `\`/nofx approve ${shortHash(plan.hash)}\`` : '`/nofx approve`';
}

function howToApprove(view: RunView, question: Question, { hash, baseSha }: PlanView): string {
  const { gitMode: mode, base } = view;
  const command = approveCommand(view);
  const others = question.requireOther ? ` Whoever asked for it (${code(view.requester.login)}) may not.` : '';
  const bound = {
    hidden: 'If the project changes before that, a new plan is needed.',
    basic: `It holds for this plan on ${code(base)} as it is now: if either changes, a new plan is needed.`,
    advanced: `Bound to the plan \`${shortHash(hash)}\` and ${code(base)} at \`${baseSha.slice(0, 7)}\`; stale if either moves.`,
  }[mode];
  return `**To approve it,** comment ${command}; to drop it, \`/nofx cancel\`.${others} ${bound}${until(question)}`;
}

function aboutTheStep(view: RunView, question: Question): (string | null)[] {
  const { gitMode: mode } = view;
  const others = question.requireOther ? ` Whoever asked for it (${code(view.requester.login)}) may not.` : '';
  return [
    `**It goes on once ${whoApproves(question.approvers, mode)} has approved ${question.title ? `“${plain(question.title, 120)}”` : code(question.name, 80)}.**`,
    question.prompt ? quote(question.prompt, 3_000) : null,
    `**To approve it,** comment \`/nofx approve\`; to end it here, \`/nofx cancel\`.${others}${until(question)}`,
  ];
}

/** ` It waits until 2026-12-04 11:30 UTC.` */
function until({ until: date }: Question): string {
  return date ? ` It waits until ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC.` : '';
}
