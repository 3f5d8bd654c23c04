import { LEAST_ROLE, parseCommand, type Command, type CommandKind, type CommandProblem } from '../domain/command.ts';
import { approvedBy, DISCARD, gateOfCheck, RETRY } from '../domain/checks.ts';
import { taskOf, type Asking } from '../domain/event.ts';
import type { Role } from '../domain/role.ts';

/** What somebody wants of us by what they did. */
export type Intent =
  | { kind: 'command'; command: Command }
  /** something that looks like a command, and is none */
  | { kind: 'problem'; problem: CommandProblem }
  /** what was asked for is not wanted any more */
  | { kind: 'withdraw'; what: 'label' | 'all' }
  /** a review that asks for changes without a word to us */
  | { kind: 'review' }
  /** what checks found is to be mended, where the repository wants that */
  | { kind: 'mend'; app: string; headSha: string }
  | { kind: 'ignore'; reason: string };

/** What an event asks of us. `label` is the one that starts a run. Pure. */
export function intentOf(event: Asking, label: string): Intent {
  switch (event.kind) {
    case 'comment_created':
    case 'line_comment_created': {
      const parsed = parseCommand(event.comment.body);
      return parsed.kind === 'none' ? { kind: 'ignore', reason: 'not a command' } : parsed;
    }
    case 'box_ticked':
      return { kind: 'command', command: { kind: 'rebase' } };
    case 'review_submitted': {
      const parsed = parseCommand(event.review.body);
      if (parsed.kind !== 'none') return parsed;
      return event.review.requestsChanges ? { kind: 'review' } : { kind: 'ignore', reason: 'asks for no changes' };
    }
    case 'label_added':
    case 'label_removed':
      // To GitHub labels are the same in any case.
      if (event.label.toLowerCase() !== label.toLowerCase()) return { kind: 'ignore', reason: `label ${event.label}` };
      if (event.kind === 'label_removed') return { kind: 'withdraw', what: 'label' };
      return {
        kind: 'command',
        command: {
          kind: 'run',
          prompt: taskOf(event.issue),
          options: {},
        },
      };
    case 'closed':
      return { kind: 'withdraw', what: 'all' };
    case 'button_pressed':
      return pressed(event.button);
    case 'checks_failed':
      return { kind: 'mend', app: event.app, headSha: event.headSha };
    case 'rerun_requested':
      return { kind: 'command', command: { kind: 'retry', step: gateOfCheck(event.check?.name ?? '') } };
  }
}

function pressed(button: string): Intent {
  const of = approvedBy(button);
  if (of !== null) return { kind: 'command', command: { kind: 'approve', of } };
  if (button === RETRY.identifier) return { kind: 'command', command: { kind: 'retry', step: null } };
  if (button === DISCARD.identifier) return { kind: 'command', command: { kind: 'cancel' } };
  return { kind: 'ignore', reason: `button ${button}` };
}

/** The role that an intent asks for. */
export function leastRole(intent: Exclude<Intent, { kind: 'ignore' }>): Role {
  if (intent.kind === 'withdraw') return 'triage';
  if (intent.kind === 'review' || intent.kind === 'mend') return LEAST_ROLE.revise;
  return LEAST_ROLE[commandOf(intent)];
}

/** The command an intent is about; one that could not be read counts as a task. */
export function commandOf(intent: Exclude<Intent, { kind: 'ignore' }>): CommandKind {
  return intent.kind === 'command' ? intent.command.kind : 'run';
}
