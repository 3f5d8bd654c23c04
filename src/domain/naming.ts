import type { Person } from './event.ts';
import type { GitMode } from './project.ts';
import type { BranchPlace } from './refs.ts';
import { neutraliseClosing, neutraliseSkipCi, oneLine, truncateChars } from './text.ts';

/** GitHub shows this much of a subject before it folds the rest. */
const TITLE_LIMIT = 72;
const BRANCH_LIMIT = 80;

/** The last eight letters and digits of a run's id: the random end of a ULID or UUID. */
export function shortRunId(runId: string): string {
  return (
    runId
      .replace(/^run_/, '')
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '')
      .slice(-8) || 'run'
  );
}

/** How branches are named unless a repository says otherwise. */
export const BRANCH_PATTERN = 'nofx/{issue}-{slug}-{run}';

/**
 * The branch of a run by a pattern (see branchPatternProblem), `nofx/<issue>-<slug>-<short run id>` unless told. The title
 * fills it up to 80 characters; whatever that holds, the name is ASCII and valid for `git check-ref-format`. A place
 * with nothing to stand there goes, with the separator after it. The same input gives the same name.
 */
export function branchName(
  run: { runId: string; issueNumber?: number; title: string; user?: string },
  pattern = BRANCH_PATTERN,
): string {
  const values = {
    issue: run.issueNumber === undefined ? '' : String(run.issueNumber),
    user: slugify(run.user ?? '', 39),
    run: shortRunId(run.runId),
  };
  const rest = fill(pattern, { ...values, slug: '' });
  return fill(pattern, {
    ...values,
    slug: slugify(run.title, Math.max(0, Math.min(48, BRANCH_LIMIT - rest.length - 1))),
  });
}

function fill(pattern: string, values: Record<BranchPlace, string>): string {
  return pattern
    .replace(/\{(\w+)\}([-_]?)/g, (_, name: BranchPlace, separator: string) => values[name] && values[name] + separator)
    .split('/')
    .map((part) => part.replace(/[-_]+$/, ''))
    .filter(Boolean)
    .join('/');
}

function slugify(title: string, limit: number): string {
  const words = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  let slug = '';
  for (const word of words) {
    const next = slug ? `${slug}-${word}` : word;
    if (next.length > limit) break;
    slug = next;
  }
  return slug || (words[0] ?? '').slice(0, limit);
}

/** One clean line for a commit or a pull request, from the first line that says something. */
export function taskTitle(text: string): string {
  const first = text.split(/[\n\r\u2028\u2029]/).find((line) => oneLine(line) !== '') ?? '';
  // Markdown's heading and list marks are noise in a title.
  const plain = neutraliseClosing(neutraliseSkipCi(oneLine(first))).replace(/^(?:#{1,6}|[-*+])\s+/, '');
  return truncateChars(plain, TITLE_LIMIT) || 'Work requested through NOFX';
}

/**
 * The message of the run's commit: title, summary, trailers.
 * What people or models wrote can add neither a trailer, nor `[skip ci]`, nor close an issue.
 * `host` is the GitHub host, `github.com` or the Enterprise one: it makes the noreply address.
 */
export function commitMessage(commit: {
  title: string;
  summary?: string;
  runId: string;
  requester: Person;
  host: string;
  gitMode: GitMode;
}): string {
  const trailers = [coAuthor(commit.requester, commit.host), `NOFX-Run: ${oneLine(commit.runId)}`];
  // Business users read the title in a list; the model's words about files and code stay in the report.
  const body = commit.gitMode === 'hidden' ? '' : commitBody(commit.summary ?? '');
  return [taskTitle(commit.title), body, trailers.join('\n')].filter(Boolean).join('\n\n') + '\n';
}

/** https://docs.github.com/en/account-and-profile/reference/email-addresses-reference */
function coAuthor(person: Person, host: string): string {
  const login = person.login.replace(/[^A-Za-z0-9_[\]-]/g, '');
  return `Co-authored-by: ${login} <${person.id}+${login}@users.noreply.${host}>`;
}

function commitBody(summary: string): string {
  const lines = summary
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => quoteTrailer(oneLine(line, { keepIndent: true })));
  const text = neutraliseClosing(neutraliseSkipCi(lines.join('\n')))
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return truncateChars(text, 4_000);
}

/** A line git could read as a trailer (`Key: value`) is quoted. Prose such as `Note: …` is left alone. */
function quoteTrailer(line: string): string {
  return /^\s*(?:[\w-]+-by|nofx-[\w-]+|change-id|skip-checks|fixes|closes)\s*:/i.test(line) ? `> ${line.trim()}` : line;
}

/** What a pull request is called: the issue's title, or the task's first line where there is no issue. */
export function pullRequestTitle(run: { issueTitle?: string; prompt: string }): string {
  return taskTitle(run.issueTitle || run.prompt);
}

/** The empty commit that carries the check run until the work is pushed. It must not start CI. */
export function markerMessage(run: { runId: string; issueNumber?: number }): string {
  const where = run.issueNumber === undefined ? 'a task' : `#${run.issueNumber}`;
  return `NOFX is working on ${where} [skip ci]\n\nNOFX-Run: ${oneLine(run.runId)}\n`;
}
