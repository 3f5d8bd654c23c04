import { code, fence, folded, joinBlocks, quote, someLines } from './markdown.ts';
import { BODY_LIMIT } from './report-comment.ts';
import { baseTail } from './report-base.ts';
import type { FileView, GateView, RunView } from './report-view.ts';
import { costLine, draftNotice, gateLine, mention, words } from './report-words.ts';
import { firstBytes, oneLine, visible } from './text.ts';

/** What comes after the box that asks for a rebase: by its hidden marker it is found again. */
export const REBASE_BOX = '<!-- nofx:up-to-date -->';

/** Whether somebody ticked that box between two versions of the body. Pure. */
export function ticksRebase(before: string, after: string): boolean {
  const ticked = (body: string) => /^- \[x\] <!-- nofx:up-to-date -->/im.test(body);
  return ticked(after) && !ticked(before);
}

/**
 * The pull request's body. `template` is the repository's own, put first as it is; `closes` adds
 * `Closes #N`. At most 60,000 bytes.
 */
export function renderPullRequestBody(
  view: RunView,
  options: { template?: string; issueNumber?: number; closes: boolean },
): string {
  const issue = options.issueNumber;
  return joinBlocks(
    [
      options.template && firstBytes(visible(options.template).trim(), 20_000),
      issue !== undefined && options.closes ? `Closes #${issue}` : null,
      `## Summary\n\n${quote(view.summary.trim() || view.goal, 8_000)}`,
      `Asked for by ${mention(view.requester.login)}${approvals(view)}:\n\n${quote(view.goal, 4_000)}`,
      `## ${view.gitMode === 'hidden' ? 'Checks' : 'Gate results'}\n\n${gateResults(view)}`,
      files(view),
      cost(view),
      footer(view, issue),
    ],
    BODY_LIMIT,
  );
}

/** Who said yes on the way. */
function approvals({ steps }: RunView): string {
  const names = new Set(steps.flatMap(({ approvedBy }) => (approvedBy ? [mention(approvedBy)] : [])));
  return names.size === 0 ? '' : `, approved by ${[...names].join(', ')}`;
}

function gateResults(view: RunView): string {
  if (view.gates.length === 0) return 'No check was run on this work.';
  const draft = draftNotice(view);
  const lines = someLines(
    view.gates.map((gate) => `- ${gateLine(gate)}`),
    5_000,
    (left) => `- … and ${left} more`,
  );
  if (draft === null) return lines;
  const asOnBase = view.gates.filter(({ base }) => base).slice(0, 3);
  return [`> [!WARNING]\n> ${draft}`, lines, ...asOnBase.flatMap(bothOutputs)].join('\n\n');
}

/** What a gate printed that fails without the change as well, with and without it. */
function bothOutputs(gate: GateView): string[] {
  const own = gate.tail.trim() && folded('The end of its output', fence(gate.tail, 3_000, 'text'));
  return [own, baseTail(gate, 3_000)].flatMap((block) => block || []);
}

const letters: Record<FileView['status'], string> = { added: 'A', modified: 'M', deleted: 'D', renamed: 'R' };

function files(view: RunView): string | null {
  if (view.files.length === 0) return null;
  const total = view.files.length;
  const title = `${total} ${total === 1 ? 'file' : 'files'}`;
  const list = someLines(
    view.files.map(
      (file) =>
        `- \`${letters[file.status]}\` ${code(file.path)}${file.previousPath ? ` (was ${code(file.previousPath)})` : ''}`,
    ),
    8_000,
    (left) => `- … and ${left} more`,
  );
  return `## Files\n\n${folded(title, list)}${manifest(view.files)}`;
}

/** As `sha256sum` prints it, so that it can be checked with `sha256sum --check`. */
function manifest(all: FileView[]): string {
  const lines = all.filter((file) => file.sha256).map((file) => `${file.sha256}  ${oneLine(file.path)}`);
  if (lines.length === 0) return '';
  const text = someLines(lines, 10_000, (left) => `# … and ${left} more, kept with the run`);
  return `\n\n${folded('SHA-256 of each file', fence(text, 12_000, 'text'))}`;
}

function cost(view: RunView): string | null {
  const line = costLine(view);
  return line && `## Cost\n\n${line.replace(/^Cost: /, '')}`;
}

function footer(view: RunView, issue: number | undefined): string {
  const run = view.runUrl ? `[${view.id}](${view.runUrl})` : `\`${view.id}\``;
  const revise =
    view.gitMode === 'hidden'
      ? 'Not what you meant? Comment here `/nofx <what to change>`, and NOFX changes it.'
      : `Not what you meant? Comment here \`/nofx <what to change>\` for one more commit, or push to \`${view.branch ?? 'this branch'}\` yourself.${
          issue === undefined ? '' : ` \`/nofx <what you want>\` on #${issue} makes a new attempt.`
        }`;
  const box = `- [ ] ${REBASE_BOX} Tick this box to have it brought up to date${view.gitMode === 'hidden' ? '' : ` with \`${view.base}\``}.`;
  return `---\n${words[view.gitMode].toPeople} ${revise}\n\n${box}\n\n<sub>NOFX run ${run}</sub>`;
}
