import type { GitMode } from './project.ts';
import type { Failure, FailureKind } from './run.ts';
import { firstBytes, neutralise, visible } from './text.ts';

/** What a business user is told of failures whose own words are about git. Whoever manages the project finds those in the run. */
const HIDDEN: Partial<Record<FailureKind, Omit<Failure, 'kind'>>> = {
  permission: {
    message: 'NOFX is not allowed to hand in its work in this project.',
    next: 'Ask someone who manages this project to look at the permissions of NOFX.',
  },
  repository: {
    message: 'The project cannot be worked on as it is: it is empty, archived, or NOFX has no access to it any more.',
    next: 'Ask someone who manages this project to look at it.',
  },
  protected_branch: {
    message: 'The rules of this project did not let NOFX hand in its work.',
    next: 'Ask someone who manages this project to let NOFX hand in work.',
  },
  conflict: {
    message: 'Somebody else changed the same thing at the same time, so nothing was overwritten.',
    next: '',
  },
  gate: {
    message: 'What was checked did not pass.',
    next: 'Comment `/nofx <what it should do differently>`, or `/nofx retry` to have it done anew.',
  },
};

/** A failure in the words of a git mode. */
export function inWordsOf(mode: GitMode, failure: Failure): Failure {
  return mode === 'hidden' ? { ...failure, ...HIDDEN[failure.kind] } : failure;
}

/** What to do about a failure, and what to type then: every failure names a command. */
export function whatNext(failure: Failure | null): string {
  const own = firstBytes(ours(failure?.next ?? '').trim(), 3_000);
  return `**Next:** ${[own, command(failure, own)].filter(Boolean).join(' ')}`;
}

/** Our own words: they may hold a code block or a command to copy, so markup stays, and code stays as it is. */
function ours(text: string): string {
  return text
    .split(/(```[^]*?```|`[^`\n]+`)/)
    .map((part, at) => (at % 2 === 0 ? neutralise(part) : visible(part)))
    .join('');
}

/** Nothing where it is said already. */
function command(failure: Failure | null, own: string): string | null {
  if (/`\/nofx\b/.test(own)) return null;
  const lead = own === '' ? 'Comment' : 'Then comment';
  const other = failure === null || failure.kind === 'budget' || failure.kind === 'policy';
  return other
    ? `${lead} \`/nofx <what you want>\`, or \`/nofx retry\` for the same once more.`
    : `${lead} \`/nofx retry\`.`;
}
