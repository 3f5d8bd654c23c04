import type { Logger } from 'pino';
import type { ApplicationFunction } from 'probot';
import { parseCommand } from './domain/command.ts';
import type { DomainEvent } from './domain/event.ts';
import { renderHelp, renderRefusal } from './domain/report.ts';
import type { WelcomeKind } from './domain/welcome.ts';
import { UserError } from './errors.ts';
import { installedOn, toDomainEvent } from './github/index.ts';
import type { GitHub, Permission, ReactionTarget, RepositoryRef } from './github/port.ts';
import { startingLabel } from './runs/read-config.ts';
import { requestRun, type RunDefaults } from './runs/request-run.ts';
import type { Deps } from './runs/deps.ts';
import { welcome } from './runs/welcome.ts';

export type AppOptions = RunDefaults & {
  /** the label that starts a run */
  label: string;
  /** what is said in a repository the app was just installed on */
  welcome: 'off' | WelcomeKind;
  /** told what came of each delivery, for its row */
  onOutcome: (deliveryId: string, outcome: string) => Promise<void>;
};

type Trigger = Exclude<DomainEvent, { kind: 'ignored' }>;

const MAY_START: readonly Permission[] = ['write', 'maintain', 'admin'];

/** The Probot application: a GitHub event becomes a command, its sender is checked, a run is opened. */
export function createApp(deps: Deps, options: AppOptions): ApplicationFunction {
  return (probot) => {
    const { welcome: kind, label } = options;
    if (kind !== 'off') {
      probot.on(['installation.created', 'installation_repositories.added'], async ({ id, payload }) => {
        await options.onOutcome(id, await welcome(deps, installedOn(payload), { kind, label }));
      });
    }
    probot.on(['issue_comment.created', 'issues.labeled'], async ({ id, name, payload }) => {
      const event = toDomainEvent({ id, name, payload });
      await options.onOutcome(
        id,
        event.kind === 'ignored' ? `ignored: ${event.reason}` : await actOrNote(deps, options, event),
      );
    });
  };
}

/** Where nobody can be answered (an archived repository, an installation that is gone) trying again is of no use. */
async function actOrNote(deps: Deps, options: AppOptions, event: Trigger): Promise<string> {
  try {
    return await act(deps, options, event);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    deps.log.warn({ err: error, delivery: event.deliveryId }, 'the event could not be answered');
    return `unanswered: ${error.message}`;
  }
}

/** Acts on one event and says what came of it. Doing it twice is doing it once. */
async function act(deps: Deps, options: AppOptions, event: Trigger): Promise<string> {
  const repository = refOf(event);
  const label = event.kind === 'issue_labeled' ? await startingLabel(deps, repository, options.label) : options.label;
  const asked = askedFor(event, label);
  if (asked.kind === 'ignore') return `ignored: ${asked.reason}`;

  const { github } = deps.adapters;
  const log = deps.log.child({ delivery: event.deliveryId, repository: `${repository.owner}/${repository.name}` });
  const permission = await github.permission(repository, event.sender.login);
  if (!MAY_START.includes(permission)) return refuse(github, event, permission, log);

  if (asked.kind === 'reply') {
    await answer(github, event, 'reply', asked.message);
    return 'answered';
  }
  // At once: the reaction may have to wait for its turn among the writes to GitHub, the run need not.
  const [requested] = await Promise.all([
    requestRun(deps, options, {
      repository,
      requester: event.sender,
      issue: event.issue,
      commentId: event.kind === 'comment_created' ? event.comment.id : null,
      prompt: asked.prompt,
      triggerKey: event.kind === 'comment_created' ? `comment:${event.comment.id}` : `delivery:${event.deliveryId}`,
    }).catch(refusalOf),
    github.react(repository, targetOf(event), 'eyes'),
  ]);
  if (requested instanceof UserError) {
    await answer(github, event, 'reply', `${requested.message}\n\n${requested.next}`);
    await github.react(repository, targetOf(event), 'confused');
    return `refused: ${requested.message}`;
  }
  log.info({ run: requested.id }, requested.opened ? 'run opened' : 'run was open already');
  return `run ${requested.id}`;
}

/** What the person can mend, as a value to tell them; anything else stays an error. */
function refusalOf(error: unknown): UserError {
  if (error instanceof UserError) return error;
  throw error;
}

type Asked = { kind: 'run'; prompt: string } | { kind: 'reply'; message: string } | { kind: 'ignore'; reason: string };

/** What the event asks of us. Pure. */
function askedFor(event: Trigger, label: string): Asked {
  if (event.kind === 'issue_labeled') {
    // To GitHub labels are the same in any case.
    if (event.label.toLowerCase() !== label.toLowerCase()) return { kind: 'ignore', reason: `label ${event.label}` };
    return { kind: 'run', prompt: [event.issue.title, event.issue.body].filter(Boolean).join('\n\n') };
  }
  const command = parseCommand(event.comment.body);
  if (command.kind === 'ignore') return { kind: 'ignore', reason: 'not a command' };
  if (command.kind === 'help') return { kind: 'reply', message: renderHelp({ gitMode: 'basic' }) };
  if (command.kind === 'reply') return command;
  if (event.issue.isPullRequest) {
    return {
      kind: 'reply',
      message:
        'NOFX does not change pull requests yet. Comment `/nofx …` on an issue, and it opens a new pull request.',
    };
  }
  return command;
}

/** One short answer to a person, once; then silence. */
async function refuse(github: GitHub, event: Trigger, permission: Permission, log: Logger): Promise<string> {
  const { login } = event.sender;
  await github.react(refOf(event), targetOf(event), 'confused');
  await github.upsertComment(refOf(event), event.issue.number, {
    marker: `<!-- nofx:refused ${login} -->`,
    body: `<!-- nofx:refused ${login} -->\n${renderRefusal({ login, permission, gitMode: 'basic' })}`,
  });
  log.info({ login, permission }, 'refused');
  return `refused: ${login} has ${permission}`;
}

/** Answers the event, once however often its delivery is worked on. */
async function answer(github: GitHub, event: Trigger, kind: string, message: string): Promise<void> {
  const marker = `<!-- nofx:${kind} ${event.deliveryId.replace(/[^\w-]/g, '')} -->`;
  await github.upsertComment(refOf(event), event.issue.number, { marker, body: `${marker}\n${message}` });
}

function refOf({ installationId, repository }: Trigger): RepositoryRef {
  return { installationId, repositoryId: repository.id, owner: repository.owner, name: repository.name };
}

function targetOf(event: Trigger): ReactionTarget {
  return event.kind === 'comment_created'
    ? { kind: 'comment', id: event.comment.id }
    : { kind: 'issue', number: event.issue.number };
}
