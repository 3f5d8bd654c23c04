import type { Annotation } from './annotations/annotations.ts';
import { isRed, renderCheck, renderGateCheck, type GateView, type RunView } from './report.ts';
import { isTerminal } from './run.ts';
import { shortHash } from './planned.ts';

export type Conclusion = 'success' | 'failure' | 'neutral' | 'cancelled' | 'timed_out' | 'action_required';

/**
 * A button under a completed check run. What it sends comes back as a webhook, from whoever pressed it.
 * https://docs.github.com/en/rest/checks/runs#create-a-check-run (`actions`: at most three, 20, 40 and 20 characters)
 */
export type CheckAction = { label: string; description: string; identifier: string };

/** The name of the check that shows a run. */
export const RUN_CHECK = 'NOFX';

/** The gate that a check of ours is about; null where it is about another thing. */
export function gateOfCheck(name: string): string | null {
  return (name.startsWith(GATE_CHECK) && name.slice(GATE_CHECK.length)) || null;
}

const GATE_CHECK = `${RUN_CHECK} / gate: `;

/** The run that a check of ours belongs to, as `identity` has named it; null where it is not ours. */
export function runOfCheck(externalId: string): string | null {
  return /^(run_[0-9a-f]+):/.exec(externalId)?.[1] ?? null;
}

/** Does the run's task again. */
export const RETRY: CheckAction = { label: 'Retry', description: 'Do this task again', identifier: 'retry' };

/** Ends the run that waits. */
export const DISCARD: CheckAction = {
  label: 'Discard',
  description: 'Drop it: nothing is done',
  identifier: 'discard',
};

/** Approves the plan of that hash. */
function approval(hash: string): CheckAction {
  const description = 'Carry it out as it stands here';
  return { label: 'Approve plan', description, identifier: `approve:${shortHash(hash)}` };
}

/** The short hash of the plan that a button approves; null where it does something else. */
export function approvedBy(identifier: string): string | null {
  return /^approve:([0-9a-f]{8})$/.exec(identifier)?.[1] ?? null;
}

/** A check run as it should be now. */
export type DesiredCheck = {
  /** our own key for it, unique within the run */
  key: string;
  headSha: string;
  name: string;
  externalId: string;
  startedAt?: Date;
  output: { title: string; summary: string; text?: string };
  annotations?: Annotation[];
  /** its buttons */
  actions?: CheckAction[];
} & ({ status: 'queued' | 'in_progress' } | { status: 'completed'; conclusion: Conclusion; completedAt: Date });

const RUN_CONCLUSION = {
  waiting: 'action_required',
  succeeded: 'success',
  neutral: 'neutral',
  failed: 'failure',
  cancelled: 'cancelled',
} as const;

const GATE_CONCLUSION = {
  passed: 'success',
  failed: 'failure',
  neutral: 'neutral',
  timed_out: 'timed_out',
  cancelled: 'cancelled',
} as const;

/**
 * Which check runs a run should have, and how they should read. Pure.
 * The marker commit carries them while the run goes; the pushed commit gets its own, completed, so
 * that the pull request shows them; these come first, for there people look. Nothing ever stands on the base.
 */
export function desiredChecks(view: RunView, commits: { marker: string; head: string | null }): DesiredCheck[] {
  const changed = changedPaths(view);
  const onMarker = [
    ...roundsBefore(view, commits.marker),
    runCheck(view, commits.marker),
    ...[...(view.formerGates ?? []), ...view.gates].flatMap((gate) =>
      gateCheck(view, gate, commits.marker, (annotation) => !changed.has(annotation.path)),
    ),
  ];
  if (commits.head === null || !isTerminal(view.status)) return onMarker;
  const { head } = commits;
  return [runCheck(view, head), ...view.gates.flatMap((gate) => gateCheck(view, gate, head, () => true)), ...onMarker];
}

/** The files that are not on the marker commit as they were when the gate ran: a line of theirs is another line there. */
function changedPaths(view: RunView): Set<string> {
  return new Set(view.files.flatMap(({ path, previousPath }) => [path, ...(previousPath ? [previousPath] : [])]));
}

/**
 * The checks a run had before a person let it go on: GitHub never opens a completed one again. Whatever they said last,
 * they are completed, and hidden behind the newest of their name.
 */
function roundsBefore(view: RunView, headSha: string): DesiredCheck[] {
  const approvals = view.steps.filter(({ approvedBy }) => approvedBy);
  return Array.from({ length: view.round ?? 0 }, (_, round): DesiredCheck => {
    const { endedAt = null, approvedBy } = approvals[round] ?? {};
    const title = approvedBy ? `Approved by ${approvedBy}` : 'Approved';
    return {
      ...identity(view, RUN_CHECK, headSha, round),
      output: { title, summary: 'It goes on: see the newer check of this name.' },
      status: 'completed',
      conclusion: 'neutral',
      completedAt: endedAt ?? view.startedAt ?? new Date(0),
      actions: [],
    };
  });
}

function runCheck(view: RunView, headSha: string): DesiredCheck {
  const common = {
    ...identity(view, RUN_CHECK, headSha, view.round),
    startedAt: view.startedAt ?? undefined,
    output: renderCheck(view),
  };
  if (view.status === 'queued' || view.status === 'running') {
    return { ...common, status: view.status === 'queued' ? 'queued' : 'in_progress' };
  }
  return {
    ...common,
    status: 'completed',
    // Green is for what passed.
    conclusion: view.status === 'succeeded' && view.gates.some(isRed) ? 'neutral' : RUN_CONCLUSION[view.status],
    completedAt: view.endedAt ?? waitsSince(view),
    actions: buttons(view),
  };
}

/** What a person may press then. */
function buttons({ status, question, plan }: RunView): CheckAction[] {
  if (status === 'waiting') {
    return question?.tool === 'manual:plan' && plan ? [approval(plan.hash), DISCARD] : [DISCARD];
  }
  return status === 'failed' || status === 'cancelled' ? [RETRY] : [];
}

/** Since when a person is asked. */
function waitsSince({ steps }: RunView): Date {
  return steps.find(({ status }) => status === 'waiting')?.startedAt ?? new Date(0);
}

/** A gate has a check once it has begun; one that was never reached has none. */
function gateCheck(
  view: RunView,
  gate: GateView,
  headSha: string,
  isThere: (annotation: Annotation) => boolean,
): DesiredCheck[] {
  const step = view.steps.find(({ name }) => name === gate.step);
  if (!step?.startedAt || gate.verdict === 'pending') return [];
  const common = {
    ...identity(view, `${GATE_CHECK}${gate.name}`, headSha, gate.attempt - 1),
    startedAt: step.startedAt,
    output: renderGateCheck(gate),
  };
  if (gate.verdict === 'running') return [{ ...common, status: 'in_progress' }];
  const completedAt = step.endedAt ?? view.endedAt ?? step.startedAt;
  const annotations = gate.annotations.filter(isThere);
  return [{ ...common, annotations, status: 'completed', conclusion: GATE_CONCLUSION[gate.verdict], completedAt }];
}

/** What comes again is another check run of the same name, of which GitHub shows the newest: one that is completed stays so. */
function identity(view: RunView, name: string, headSha: string, round = 0) {
  const suffix = round === 0 ? '' : `:${round}`;
  return { key: `check:${name}:${headSha}${suffix}`, headSha, name, externalId: `${view.id}:${name}${suffix}` };
}
