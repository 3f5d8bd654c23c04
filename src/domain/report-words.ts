import type { Cost, Usage } from './pricing.ts';
import type { GitMode } from './project.ts';
import type { GateView, RunView, StepView } from './report-view.ts';
import { code, plain } from './markdown.ts';
import { gateOf, isManual } from './plan.ts';
import { asWithout, baseNotice } from './report-base.ts';
import { gitOpTitle } from './report-git-ops.ts';
import { oneLine } from './text.ts';

/**
 * The words of each git mode. `hidden` is for business users: no branch, commit, rebase or pull
 * request in the text; `basic` for developers; `advanced` for people who want the tool names.
 */

const stepTitles: Record<string, { hidden: string; basic: string }> = {
  plan: { hidden: 'Plan the work', basic: 'Make a plan' },
  'manual:plan': { hidden: 'Wait for a yes to the plan', basic: 'Wait for approval of the plan' },
  codegen: { hidden: 'Make the changes', basic: 'Write the code' },
  reuse: { hidden: 'Take over the changes made before', basic: 'Take over the code written before' },
  rebase: { hidden: 'Bring it up to date', basic: 'Bring it up to date with its base' },
  'workspace:write': { hidden: 'Save the changes', basic: 'Commit the changes' },
  'gate:test': { hidden: 'Check that everything still works', basic: 'Run the tests' },
  git_pr: { hidden: 'Hand in the result for review', basic: 'Open the pull request' },
  git_push: { hidden: 'Keep the result', basic: 'Push the branch' },
};

type Titled = Pick<StepView, 'name' | 'tool' | 'title' | 'repair' | 'again' | 'gitOp'>;

/** What a step is called, in markdown. */
export function stepTitle(step: Titled, mode: GitMode): string {
  const { name, tool, repair, again = false } = step;
  if (repair) return repairTitle(name, repair, mode);
  const title = step.title && plain(step.title, 120);
  if (mode === 'advanced') {
    const names = name === tool ? code(tool, 80) : `${code(name, 80)} (${code(tool, 80)})`;
    if (step.gitOp && !title) return `${gitOpTitle(step.gitOp, mode)}: ${names}`;
    return title ? `${title}: ${names}` : names;
  }
  if (title) return isManual(tool) ? `Wait for approval: ${title}` : title;
  return again ? `${firstTitle(step, mode)} again` : firstTitle(step, mode);
}

function firstTitle({ name, tool, gitOp }: Titled, mode: 'hidden' | 'basic'): string {
  if (gitOp) return gitOpTitle(gitOp, mode);
  const titles = stepTitles[tool];
  if (titles) return titles[mode];
  const gate = gateOf(tool);
  if (gate !== null) return mode === 'hidden' ? `Check: ${gate}` : `Run the gate ${code(gate, 80)}`;
  if (isManual(tool)) return mode === 'hidden' ? 'Wait for a yes' : `Wait for approval of ${code(name, 80)}`;
  return mode === 'hidden' ? 'Work on it' : code(name, 80);
}

function repairTitle(name: string, { gate, number, of }: NonNullable<StepView['repair']>, mode: GitMode): string {
  const which = `(${number} of ${of})`;
  if (mode === 'advanced') return `${code(name, 80)} after ${code(`gate:${gate}`, 80)} ${which}`;
  const finder = gate === 'test' ? (mode === 'hidden' ? 'the check' : 'the tests') : null;
  return `Mend what ${finder ?? (mode === 'hidden' ? `the check ${gate}` : `the gate ${code(gate, 80)}`)} found ${which}`;
}

/** The same for a check run's title, which shows no markup. */
export function stepTitlePlain(step: Titled, mode: GitMode): string {
  return stepTitle(step, mode).replace(/[`\\]/g, '');
}

export const words: Record<GitMode, { result: string; openResult: string; toPeople: string }> = {
  hidden: {
    result: 'the result',
    openResult: 'Review the result',
    toPeople: 'Nothing is live until someone approves it.',
  },
  basic: { result: 'the pull request', openResult: 'PR', toPeople: 'Nothing is merged until you merge it.' },
  advanced: { result: 'the pull request', openResult: 'PR', toPeople: 'Nothing is merged until you merge it.' },
};

/** `@alice`, with nothing in it that a login cannot hold. */
export function mention(login: string): string {
  return `@${login.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 100)}`;
}

/** `4m 12s`; `12s` under a minute; `1h 4m` past the hour. Negative time is none. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`;
}

/** How long something took; empty while it goes on, so that a live text does not change by itself. */
export function took(timed: { startedAt: Date | null; endedAt: Date | null }): string {
  return timed.startedAt && timed.endedAt ? duration(timed.endedAt.getTime() - timed.startedAt.getTime()) : '';
}

/** `Cost: $0.1234 · 12,345 tokens in (10,000 from cache), 1,234 out`, to business users the price alone; null before the first request. */
export function costLine({ usage, cost, gitMode }: Pick<RunView, 'usage' | 'cost' | 'gitMode'>): string | null {
  if (!usage) return null;
  if (gitMode === 'hidden') return `Cost: ${dollarsOf(cost)}`;
  const cached = usage.cacheReadTokens > 0 ? ` (${count(usage.cacheReadTokens)} from cache)` : '';
  return `Cost: ${dollarsOf(cost)} · ${count(tokensIn(usage))} tokens in${cached}, ${count(usage.outputTokens)} out`;
}

/** What one step has spent, as `13,579 tokens · $0.0312`; empty where it asked no model. */
export function stepSpent({ usage, cost = null }: StepView, mode: GitMode): string {
  if (!usage) return '';
  const [given, made] = [tokensIn(usage), usage.outputTokens];
  const tokens = {
    hidden: null,
    basic: `${count(given + made)} tokens`,
    advanced: `${count(given)} tokens in, ${count(made)} out`,
  }[mode];
  return [tokens, dollarsOf(cost)].filter(Boolean).join(' · ');
}

function tokensIn(usage: Usage): number {
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
}

export function dollarsOf(cost: Cost | null): string {
  if (!cost || cost.usd === null) return 'price unknown';
  return `$${cost.usd.toFixed(cost.usd !== 0 && cost.usd < 0.1 ? 4 : 2)}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A gate's verdict in a few words, in markdown. */
export function gateLine(gate: GateView): string {
  const time = gate.durationMs === null ? '' : ` in ${duration(gate.durationMs)}`;
  const command = gate.command === null ? '' : ` ${code(gate.command, 200)}`;
  const name = gateName(gate);
  switch (gate.verdict) {
    case 'passed':
      return `✅ ${name} passed${time}:${command}`;
    case 'failed':
      return `❌ ${name} failed${gate.exitCode === null ? '' : ` with exit code ${gate.exitCode}`}${time}:${command}${asWithout(gate)}`;
    case 'timed_out':
      return `❌ ${name} ran out of time${gate.durationMs === null ? '' : ` after ${duration(gate.durationMs)}`}:${command}`;
    case 'neutral':
      return gate.command === null
        ? `⚪ ${name} was not run: no command was found for it`
        : `⚪ ${name} gave no verdict:${command}`;
    case 'cancelled':
      return `⚪ ${name} was stopped:${command}`;
    case 'pending':
    case 'running':
      return `⏳ ${name}:${command}`;
  }
}

function gateName(gate: GateView): string {
  return `**${oneLine(gate.name).replace(/[^\w:. -]/g, '')}**`;
}

export function isRed(gate: GateView): boolean {
  return gate.verdict === 'failed' || gate.verdict === 'timed_out';
}

/** Why the pull request is only a draft, or what a push to one has not passed; null where no gate says so. */
export function draftNotice({ gates, gitMode, steps }: Pick<RunView, 'gates' | 'gitMode' | 'steps'>): string | null {
  const red = gates.filter(isRed);
  if (red.length === 0) return null;
  const opens = steps.some(({ tool }) => tool === 'git_pr');
  const is = gitMode === 'hidden' ? 'The result is marked as not ready: ' : 'The pull request is a draft: ';
  const what = `${opens ? is : ''}${red.map(gateName).join(', ')} did not pass.`;
  return [what, baseNotice(red, gitMode)].filter(Boolean).join(' ');
}

/** What became of the run, as a sentence start: `NOFX finished`. */
export const headlines: Record<RunView['status'], string> = {
  queued: 'NOFX will start on',
  running: 'NOFX is working on',
  waiting: 'NOFX waits for approval of',
  succeeded: 'NOFX finished',
  neutral: 'NOFX changed nothing for',
  failed: 'NOFX could not finish',
  cancelled: 'NOFX stopped work on',
};
