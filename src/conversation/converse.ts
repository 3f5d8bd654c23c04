import { noteMerged, type Run } from '../db/runs.ts';
import type { Command } from '../domain/command.ts';
import type { Asking, Happening } from '../domain/event.ts';
import { projectIdOf } from '../domain/project.ts';
import { REBASE_BOX, renderConfig, renderHelp, renderProblem, renderRefusal } from '../domain/report.ts';
import { isAtLeast, type Role } from '../domain/role.ts';
import { RetryableError, UserError } from '../errors.ts';
import type { RepositoryRef } from '../github/port.ts';
import type { Deps } from '../runs/deps.ts';
import { readConfig, readConfigFiles, readSoundConfig, startingLabel } from '../runs/read-config.ts';
import type { RunDefaults } from '../runs/demand.ts';
import { approve } from './approve.ts';
import { cancel, unlock, withdrawAll, withdrawLabel } from './cancel.ts';
import { commandOf, intentOf, leastRole, type Intent } from './intent.ts';
import { ignored, type Answer, type Occasion } from './occasion.ts';
import { mendCi } from './mend-ci.ts';
import { answerMergeGroup } from './merge-group.ts';
import { occasionOf } from './occasion-of.ts';
import { plan } from './plan.ts';
import { rebase } from './rebase.ts';
import { retry, retryRun } from './retry.ts';
import { heedReview, isOurs, isPartOfReview } from './review.ts';
import { revise } from './revise.ts';
import { start } from './start.ts';
import { status } from './status.ts';

export type ConversationOptions = RunDefaults & {
  /** the label that starts a run, where the repository names none */
  label: string;
};

/**
 * Acts on one event and says what came of it, in a few words. Doing it twice is doing it once. What the person can mend
 * is told to them; where nobody can be answered (an archived repository, an installation that is gone) that is all.
 */
export async function converse(deps: Deps, options: ConversationOptions, event: Happening): Promise<string> {
  try {
    const repository = refOf(event);
    if (event.kind === 'merge_group_queued') return await answerMergeGroup(deps, repository, event.headSha);
    // What we know ourselves comes first: most of what happens in a repository is no business of ours, and asks nothing of GitHub.
    const merged = await noteMerge(deps, event, repository);
    const found = await occasionOf(deps, event, repository);
    if (found === null) return merged ? 'noted that it was merged' : 'ignored: no run of ours is behind it';
    const { occasion, run } = found;
    const byLabel = event.kind === 'label_added' || event.kind === 'label_removed';
    const label = byLabel ? await startingLabel(deps, repository, options.label) : options.label;
    const intent = intentOf(event, label);
    if (intent.kind === 'ignore') return `ignored: ${intent.reason}`;
    if (byLabel && (await isOvertaken(deps, event, repository))) return 'ignored: the label has changed since';
    if (intent.kind === 'review' && !(await isOurs(deps, occasion))) return 'ignored: no pull request of ours';

    const role = await deps.adapters.github.permission(repository, occasion.sender.login);
    if (!isAtLeast(role, leastRole(intent))) return await refuse(deps, occasion, intent, role);
    const answer = await act(deps, options, { intent, occasion, role, run }).catch(answerOf);
    // Strangers are answered once: a comment on theirs each time would be a flood of their making.
    const once = isAtLeast(role, 'triage') ? answer.once : `refused ${occasion.sender.login}`;
    await tell(deps, occasion, { ...answer, ...(once === undefined ? {} : { once }) });
    if (event.kind === 'box_ticked') await deps.adapters.github.untick(repository, event.issue.number, REBASE_BOX);
    return answer.outcome;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    deps.log.warn({ err: error, delivery: event.deliveryId }, 'the event could not be answered');
    return `unanswered: ${error.message}`;
  }
}

/** Events come in any order, and late ones at that: what counts is whether the label is on the issue now. */
async function isOvertaken(
  { adapters }: Deps,
  { kind, issue, label, at }: Extract<Asking, { kind: 'label_added' | 'label_removed' }>,
  repository: RepositoryRef,
): Promise<boolean> {
  const { names, asOf } = await adapters.github.labels(repository, issue.number);
  if (asOf < new Date(at))
    throw new RetryableError('GitHub does not show yet what it has told.', { retryAfterMs: 2_000 });
  const isOn = names.some((name) => name.toLowerCase() === label.toLowerCase());
  return isOn !== (kind === 'label_added');
}

/** Keeps in mind when a pull request of ours was merged, for the figures of what runs come to. */
async function noteMerge({ db }: Deps, event: Happening, repository: RepositoryRef): Promise<boolean> {
  if (event.kind !== 'closed' || event.mergedAt === null) return false;
  return noteMerged(db, {
    projectId: projectIdOf(repository),
    number: event.issue.number,
    at: new Date(event.mergedAt),
  });
}

/** What the person can mend, as an answer; anything else stays an error. */
function answerOf(error: unknown): Answer {
  if (!(error instanceof UserError)) throw error;
  return { outcome: `refused: ${error.message}`, say: `${error.message}\n\n${error.next}`, reaction: 'confused' };
}

type Request = { intent: Exclude<Intent, { kind: 'ignore' }>; occasion: Occasion; role: Role; run: Run | null };

async function act(
  deps: Deps,
  options: ConversationOptions,
  { intent, occasion, role, run }: Request,
): Promise<Answer> {
  switch (intent.kind) {
    case 'problem':
      return { outcome: `answered: ${intent.problem.kind}`, say: renderProblem(intent.problem), reaction: 'confused' };
    case 'withdraw':
      return intent.what === 'label' ? withdrawLabel(deps, occasion) : withdrawAll(deps, occasion);
    case 'review':
      return heedReview(deps, options, occasion);
    case 'mend':
      return mendCi(deps, options, occasion, intent);
    case 'command':
      if (await isPartOfReview(deps, occasion)) return ignored('part of a review that is heeded as a whole');
      return obey(deps, options, { command: intent.command, occasion, role, run });
  }
}

async function obey(
  deps: Deps,
  options: ConversationOptions,
  { command, occasion, role, run }: Omit<Request, 'intent'> & { command: Command },
): Promise<Answer> {
  switch (command.kind) {
    case 'run':
      return start(deps, options, occasion, command);
    case 'plan':
      return plan(deps, options, occasion, command);
    case 'approve':
      return approve(deps, occasion, { of: command.of, role, run });
    case 'revise':
      return revise(deps, options, occasion, command);
    case 'rebase':
      return rebase(deps, options, occasion);
    case 'retry':
      return run ? retryRun(deps, options, occasion, run, command.step) : retry(deps, options, occasion, command.step);
    case 'cancel':
      return cancel(deps, occasion, run);
    case 'unlock':
      return unlock(deps, occasion);
    case 'status':
      return status(deps, occasion, await readConfig(deps, occasion.repository));
    case 'config': {
      const found = await readConfigFiles(deps, occasion.repository);
      return { outcome: 'answered', say: renderConfig({ ...found, gitMode: found.config.gitMode }) };
    }
    case 'help': {
      const config = await readSoundConfig(deps, occasion.repository);
      const label = config?.label ?? options.label;
      return { outcome: 'answered', say: renderHelp({ gitMode: config?.gitMode ?? 'basic', label }) };
    }
  }
}

/** One short answer to a person who may not, once; then silence. Who did not speak to us, or only took something back, asked for nothing. */
async function refuse(
  deps: Deps,
  { repository, sender, issue, target, threadId }: Occasion,
  intent: Request['intent'],
  role: Role,
): Promise<string> {
  const { login } = sender;
  deps.log.info({ login, role }, 'refused');
  const outcome = `refused: ${login} has ${role}`;
  if (intent.kind !== 'command' && intent.kind !== 'problem') return outcome;
  const { github } = deps.adapters;
  if (target) await github.react(repository, target, 'confused');
  const { gitMode = 'basic' } = (await readSoundConfig(deps, repository)) ?? {};
  await github.upsertComment(repository, issue.number, {
    marker: `<!-- nofx:refused ${login} -->`,
    body: `<!-- nofx:refused ${login} -->\n${renderRefusal({ login, role, command: commandOf(intent), gitMode })}`,
    thread: threadId,
  });
  return outcome;
}

/** Answers a request, once however often its delivery is worked on. */
async function tell({ adapters }: Deps, occasion: Occasion, { say, once, reaction }: Answer): Promise<void> {
  const { repository, issue, deliveryId, target, threadId: thread } = occasion;
  const marker = `<!-- nofx:${once ?? `reply ${deliveryId.replace(/[^\w-]/g, '')}`} -->`;
  if (say !== undefined) {
    await adapters.github.upsertComment(repository, issue.number, { marker, body: `${marker}\n${say}`, thread });
  }
  if (target && reaction) await adapters.github.react(repository, target, reaction);
}

function refOf({ installationId, repository }: Happening): RepositoryRef {
  return { installationId, repositoryId: repository.id, owner: repository.owner, name: repository.name };
}
