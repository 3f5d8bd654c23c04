import { cell, code, fence, joinBlocks, plain, quote, someLines } from './markdown.ts';
import { gateOf } from './plan.ts';
import { baseTail } from './report-base.ts';
import { failure } from './report-comment.ts';
import { findingList } from './report-findings.ts';
import { renderQuestion } from './report-plan.ts';
import type { GateView, RunView, StepView } from './report-view.ts';
import {
  costLine,
  duration,
  gateLine,
  headlines,
  isRed,
  mention,
  stepSpent,
  stepTitle,
  stepTitlePlain,
  took,
} from './report-words.ts';

/** Bytes: GitHub's documentation says characters, its refusal "a maximum bytesize of 65535" (https://github.com/github/docs/issues/35252). */
export const CHECK_LIMIT = 65_535;

export type CheckOutput = { title: string; summary: string; text?: string };

const marks: Record<StepView['status'], string> = {
  pending: '·',
  queued: '⏳ queued',
  running: '⏳ running',
  waiting: '✋ waits for approval',
  succeeded: '✅ done',
  neutral: '⚪ nothing to do',
  failed: '❌ failed',
  cancelled: '🚫 cancelled',
  skipped: '⏭ skipped',
};

function markOf({ tool, status }: StepView): string {
  return status === 'neutral' && gateOf(tool) !== null ? '⚪ no verdict' : marks[status];
}

/** The check run `NOFX`: where the run is, as a table of its steps. Each part is at most 65,535 bytes. */
export function renderCheck(view: RunView): CheckOutput {
  const time = took(view);
  return {
    title: checkTitle(view),
    summary: joinBlocks(
      [
        `${headlines[view.status]} ${mention(view.requester.login)}'s task${time && ` (${time})`}.`,
        quote(view.goal, 4_000),
        view.gates
          .map((gate) => `- ${gateLine(gate)}`)
          .slice(0, 50)
          .join('\n'),
        costLine(view),
      ],
      CHECK_LIMIT,
    ),
    text: joinBlocks([renderQuestion(view), stepTable(view), failure(view)], CHECK_LIMIT),
  };
}

function checkTitle(view: RunView): string {
  const done = view.steps.filter((step) => step.endedAt !== null).length;
  const current =
    view.steps.find((step) => step.status === 'running') ?? view.steps.find((step) => step.status === 'queued');
  switch (view.status) {
    case 'queued':
      return 'Waiting to start';
    case 'running':
      return current ? `${stepTitlePlain(current, view.gitMode)} (${done + 1} of ${view.steps.length})` : 'Working';
    case 'waiting':
      return view.question?.tool === 'manual:plan' ? 'Waiting for approval of the plan' : 'Waiting for approval';
    case 'succeeded':
      return opened(view);
    case 'neutral':
      return 'Nothing to change';
    case 'failed':
      return `Failed: ${failedAt(view)}`;
    case 'cancelled':
      return 'Cancelled';
  }
}

function opened(view: RunView): string {
  const draft = view.gates.some(isRed);
  if (!view.pullRequest || view.gitMode === 'hidden') return draft ? 'Done, but not ready' : 'Done';
  return `Opened ${draft ? 'draft pull request' : 'pull request'} #${view.pullRequest.number}`;
}

function failedAt(view: RunView): string {
  const step = view.steps.findLast((each) => each.status === 'failed');
  return step ? stepTitlePlain(step, view.gitMode) : 'before the first step';
}

function stepTable(view: RunView): string {
  const rows = view.steps.map(
    (step) =>
      `| ${stepTitle(step, view.gitMode).replaceAll('|', '&#124;')} | ${markOf(step)} | ${took(step)} | ${stepSpent(
        step,
        view.gitMode,
      )} | ${view.gitMode === 'hidden' ? '' : cell(step.detail ?? '')} |`,
  );
  const head = '| Step | State | Time | Spent | |\n|---|---|---|---|---|';
  return `${head}\n${someLines(rows, 40_000, (left) => `| … and ${left} more steps | | | | |`)}`;
}

function gateText(gate: GateView): { text?: string } {
  const found = isRed(gate) ? findingList(gate, 50) : null;
  const heading = gate.verdict === 'running' ? 'Its output so far ends with:' : 'Last lines of its output:';
  const tail = gate.tail.trim() && fence(gate.tail, 45_000, 'text');
  if (!found && !tail) return {};
  return { text: joinBlocks([found, tail && heading, tail, baseTail(gate, 15_000)], CHECK_LIMIT) };
}

/** The check run of one gate, e.g. `NOFX / gate: test`. */
export function renderGateCheck(gate: GateView): CheckOutput {
  const time = gate.durationMs === null ? '' : ` in ${duration(gate.durationMs)}`;
  const titles: Record<GateView['verdict'], string> = {
    pending: 'Waiting',
    running: 'Running',
    passed: `Passed${time}`,
    failed: gate.exitCode === null ? 'Failed' : `Failed with exit code ${gate.exitCode}`,
    timed_out: 'Ran out of time',
    neutral: gate.command === null ? 'No command found, so nothing was checked' : 'No verdict',
    cancelled: 'Cancelled',
  };
  const how =
    gate.command === null
      ? `To have it checked, name the command in \`.github/nofx.yml\`:\n\n${fence(`gates:\n  ${plain(gate.name, 60)}: <command>`, 300, 'yaml')}`
      : `Command: ${code(gate.command, 1_000)}`;
  return {
    title: titles[gate.verdict],
    summary: joinBlocks([`${gateLine(gate)}`, how], CHECK_LIMIT),
    ...gateText(gate),
  };
}
