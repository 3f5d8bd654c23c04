import { code, inline, joinBlocks, plain, quote, someLines } from './markdown.ts';
import { inWordsOf, whatNext } from './report-failure.ts';
import { baseTail } from './report-base.ts';
import { findingList, outputTail } from './report-findings.ts';
import { renderQuestion } from './report-plan.ts';
import { isManual } from './plan.ts';
import type { EndStatus, GateView, RunView, StepView } from './report-view.ts';
import {
  costLine,
  draftNotice,
  gateLine,
  headlines,
  isRed,
  mention,
  stepSpent,
  stepTitle,
  took,
  words,
} from './report-words.ts';

/** GitHub refuses a body past 65,536; this leaves room for what others add to it. */
export const BODY_LIMIT = 60_000;

/** Hidden first line of the run's comment: by it the comment is found again. */
export function commentMarker(runId: string): string {
  return `<!-- nofx:run ${runId.replace(/[^\w-]/g, '')} -->`;
}

/** Whether a run's comment, as it stands on GitHub, says how the run ended. */
export function saysEnd(body: string): boolean {
  const text = body.replaceAll('\r\n', '\n');
  return ENDS.some((status) => text.includes(`-->\n**${headlines[status]} `));
}

const ENDS: readonly EndStatus[] = ['succeeded', 'neutral', 'failed', 'cancelled'];

/** The one comment of a run, at any moment of it. At most 60,000 bytes; the same view gives the same text. */
export function renderComment(view: RunView): string {
  return joinBlocks(
    [
      `${commentMarker(view.id)}\n${headline(view)}`,
      closing(view),
      checklist(view),
      gates(view),
      notes(view),
      failure(view),
      costLine(view),
      `<sub>${view.id.replace(/[^\w-]/g, '')}</sub>`,
    ],
    BODY_LIMIT,
  );
}

function headline(view: RunView): string {
  const time = took(view);
  const spent = time && ` ${view.status === 'succeeded' ? 'in' : 'after'} ${time}`;
  const start = `**${headlines[view.status]} ${mention(view.requester.login)}'s task${spent}**`;
  const links = [
    view.runUrl && `[View run](${view.runUrl})`,
    view.gitMode !== 'hidden' && view.branch && code(view.branch),
    view.pullRequest && `[${words[view.gitMode].openResult} ➔](${view.pullRequest.url})`,
  ].filter(Boolean);
  return links.length > 0 ? `${start} — ${links.join(' · ')}` : start;
}

/** The few words a reader needs before the details: what came out of it. */
function closing(view: RunView): string | null {
  if (view.status === 'neutral') {
    const said = view.summary.trim() ? `\n\n${quote(view.summary, 4_000)}` : '';
    return `There was nothing to change, so there is nothing to review.${said}`;
  }
  if (view.status === 'succeeded' && view.summary.trim()) return quote(view.summary, 8_000);
  if (view.status === 'queued' || view.status === 'running' || view.status === 'waiting') {
    return [waiting(view), quote(view.goal, 2_000), renderQuestion(view)].filter(Boolean).join('\n\n');
  }
  return null;
}

function waiting({ waitsFor = 0 }: RunView): string | null {
  if (waitsFor === 0) return null;
  return `Waiting in line: ${waitsFor === 1 ? 'one task' : `${waitsFor} tasks`} asked for here before it must end first.`;
}

function checklist(view: RunView): string | null {
  if (view.steps.length === 0) return null;
  const lines = view.steps.map((step) => stepLine(step, view));
  return someLines(lines, 10_000, (left) => `- … and ${left} more steps`);
}

const stepMarks: Record<StepView['status'], { box: ' ' | 'x'; note: string }> = {
  pending: { box: ' ', note: '' },
  queued: { box: ' ', note: '' },
  running: { box: ' ', note: '⏳ ' },
  waiting: { box: ' ', note: '✋ ' },
  succeeded: { box: 'x', note: '' },
  neutral: { box: 'x', note: '⚪ ' },
  failed: { box: ' ', note: '❌ ' },
  cancelled: { box: ' ', note: '🚫 ' },
  skipped: { box: ' ', note: '⏭ ' },
};

function stepLine(step: StepView, view: RunView): string {
  const mark = stepMarks[step.status];
  const spent = stepSpent(step, view.gitMode);
  // How long a person took to answer says nothing about the step.
  const time = isManual(step.tool) ? '' : took(step);
  const facts = [time, step.status === 'running' && spent ? `${spent} so far` : spent].filter(Boolean).join(' · ');
  const approved = step.approvedBy ? ` — approved by ${code(step.approvedBy, 100)}` : '';
  const detail = step.detail && view.gitMode !== 'hidden' ? `: ${plain(step.detail)}` : '';
  return `- [${mark.box}] ${mark.note}${stepTitle(step, view.gitMode)}${detail}${approved}${facts && ` (${facts})`}`;
}

function gates(view: RunView): string | null {
  const done = view.gates.filter((gate) => gate.verdict !== 'pending' && gate.verdict !== 'running');
  if (done.length === 0) return null;
  return someLines(
    done.map((gate) => `- ${gateLine(gate)}`),
    6_000,
    (left) => `- … and ${left} more`,
  );
}

function notes({ notes: all = [] }: RunView): string | null {
  return all.length > 0 ? all.map((note) => `- ⚠️ ${plain(note)}`).join('\n') : null;
}

/** What went wrong, the last lines, and what to type next. */
export function failure(view: RunView): string | null {
  const draft = view.status === 'succeeded' ? draftNotice(view) : null;
  if (view.status !== 'failed' && view.status !== 'cancelled' && draft === null) return null;
  const failed = view.gates.filter(isRed);
  const error = view.error && inWordsOf(view.gitMode, view.error);
  const blocks = [
    draft,
    error && `**${view.status === 'failed' ? 'What failed' : 'Why'}:** ${inline(error.message, 2_000)}`,
    view.status === 'cancelled' && view.cancelledBy ? `Cancelled by ${mention(view.cancelledBy)}.` : null,
    ...failed.slice(0, 3).flatMap((gate) => outputs(gate)),
    kept(view),
    whatNext(error),
  ];
  return blocks.filter(Boolean).join('\n\n');
}

/** In all as long with the base's as without. */
function outputs(gate: GateView): (string | null)[] {
  const [own, there] = gate.base ? [5_000, 3_500] : [9_000, 0];
  return [findingList(gate, 10), outputTail(gate, own), baseTail(gate, there)];
}

function kept({ status, kept: work, gitMode }: RunView): string | null {
  if (status !== 'cancelled' || !work) return null;
  const where = gitMode === 'hidden' ? 'was set aside' : `is on ${code(work.branch)}`;
  return `What was done until then ${where}. It is unfinished, and nothing was handed in for review.`;
}
