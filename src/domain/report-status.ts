import { BODY_LIMIT } from './report-comment.ts';
import { code, joinBlocks, plain } from './markdown.ts';
import type { GitMode } from './project.ts';
import { approveCommand } from './report-plan.ts';
import type { RunView } from './report-view.ts';
import { costLine, dollarsOf, headlines, mention, stepTitle, took } from './report-words.ts';

/** What `/nofx status` asks for. */
export type Status = {
  /** not over: the one at work first */
  open: readonly RunView[];
  /** the last that is over */
  last: RunView | null;
  /** the runs of today (UTC) in the repository; `usd` null where a price is not known */
  today: { runs: number; usd: number | null; limitUsd: number | null };
  gitMode: GitMode;
};

/** How things stand on an issue: what is under way, what came of the last, what was spent. */
export function renderStatus({ open, last, today, gitMode }: Status): string {
  const nothing = open.length === 0 && last === null ? 'NOFX has done nothing here yet.' : null;
  const limit = today.limitUsd === null ? '' : ` of $${today.limitUsd.toFixed(2)}`;
  const runs = `${today.runs} ${today.runs === 1 ? 'task' : 'tasks'}`;
  return joinBlocks(
    [
      nothing,
      ...open.slice(0, 10).map((view) => about(view, gitMode)),
      open.length > 10 ? `… and ${open.length - 10} more.` : null,
      last && about(last, gitMode),
      `Today in this ${gitMode === 'hidden' ? 'project' : 'repository'}: ${runs}, ${today.usd === null ? 'price unknown' : `$${today.usd.toFixed(2)}`}${limit} spent.`,
    ],
    BODY_LIMIT,
  );
}

function about(view: RunView, gitMode: GitMode): string {
  const current =
    view.endedAt === null ? view.steps.find(({ status }) => status === 'running' || status === 'waiting') : undefined;
  const time = took(view);
  const facts = [
    current && `now: ${stepTitle(current, gitMode)}`,
    view.question && `waits for ${approveCommand(view)}`,
    view.waitsFor ? `${view.waitsFor} before it in line` : null,
    time && `took ${time}`,
    gitMode !== 'hidden' && view.branch ? code(view.branch) : null,
    view.pullRequest &&
      `[${gitMode === 'hidden' ? 'result' : `PR #${view.pullRequest.number}`}](${view.pullRequest.url})`,
    gitMode === 'hidden' ? view.cost && dollarsOf(view.cost) : costLine({ ...view, gitMode }),
  ].filter(Boolean);
  const goal = `**${headlines[view.status]} ${mention(view.requester.login)}'s task**: ${plain(view.goal, 120)}`;
  const failed = view.error && view.status === 'failed' ? `\n  ${plain(view.error.message, 500)}` : '';
  return `- ${goal}\n  ${[...facts, code(view.id)].join(' · ')}${failed}`;
}
