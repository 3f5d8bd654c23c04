import { z } from 'zod';
import { GitOp } from './git-ops.ts';
import { handsOn, takes, type HandedOn, type Taken } from './hands-on.ts';
import { mistakeIn, type Mistake } from './mistake.ts';
import { inOrder } from './order.ts';
import { standIns } from './stand-ins.ts';

type Inputs = Record<string, unknown> & { _replaces?: string | undefined };
type Step = { name: string; tool: string; inputs: Inputs & { _dependsOn: string[] } };

/** A step that a run has already. */
export type Existing = {
  name: string;
  tool: string;
  inputs?: (Inputs & { _dependsOn?: string[] | undefined }) | undefined;
  status?: string;
};

/**
 * Says of each step what it goes on from, and what is wrong with that: it must be a step that this one waits for, or that is
 * done, and hand on what this one takes. A git operation that names none goes on from the newest there is, and where there is
 * none it begins at the base. Code that is written behind one goes on from there in the same way: what was done would be lost
 * otherwise.
 *
 * `existing` are the steps that a run has already, in its order, where these are added to them.
 */
export function withSources<S extends Step>(
  steps: readonly S[],
  existing: readonly Existing[] = [],
): { steps: S[]; mistakes: Mistake[] } {
  const earlier = existing.map(whole);
  const { newest } = standIns<Step>([...earlier, ...steps]);
  const called = (name: unknown) => (typeof name === 'string' ? (newest(name)?.name ?? null) : null);
  const known: Known[] = [];
  const learn = ({ name, tool, inputs }: Step) => {
    const from = known.find((one) => one.name === called(inputs['fromStep']));
    const isStash = tool === 'git_ops' && inputs['operation'] === 'stash' && inputs['mode'] !== 'pop';
    known.push({ name, hands: handsOn({ tool, inputs }, from?.hands ?? null), isGit: tool === 'git_ops', isStash });
  };
  for (const step of earlier) learn(step);

  const sourced = new Map<S, { step: S; mistakes: Mistake[] }>();
  for (const step of inOrder(steps, ({ inputs }) => inputs._dependsOn.map((name) => called(name) ?? name))) {
    const waited = waitsFor(step, newest);
    const isDone = (name: string) => existing.some((one) => one.name === name && DONE.includes(one.status ?? ''));
    const before = known.filter(({ name }) => waited.has(name) || isDone(name));
    const { inputs, wrong } = sourceOf(step, { before, called });
    const filled = { ...step, inputs: { ...step.inputs, ...inputs } };
    learn(filled);
    const mistakes = [...wrong, ...wrongLinks(step, { existing, earlier, known })].map(([field, words]) =>
      mistakeIn(step, steps.indexOf(step), `inputs.${field}`, `${field}: ${words}`),
    );
    sourced.set(step, { step: filled, mistakes });
  }
  const all = steps.map((step) => sourced.get(step)!);
  return { steps: all.map(({ step }) => step), mistakes: all.flatMap(({ mistakes }) => mistakes) };
}

type Known = { name: string; hands: HandedOn | null; isGit: boolean; isStash: boolean };
type Sources = { fromStep?: string; stash?: string; commit?: string };
/** An input, and what is wrong with it. */
type Wrong = [field: string, words: string];
type Seen = {
  /** the steps that this one may go on from, as far as the order goes */
  before: readonly Known[];
  /** the step that goes by a name; null where none does */
  called: (name: unknown) => string | null;
};

const DONE = ['succeeded', 'neutral'];

function whole({ name, tool, inputs }: Existing): Step {
  return { name, tool, inputs: { ...inputs, _dependsOn: inputs?._dependsOn ?? [] } };
}

function sourceOf({ tool, inputs: given }: Step, seen: Seen): { inputs: Sources; wrong: Wrong[] } {
  const op = tool === 'git_ops' ? GitOp.safeParse(given).data : undefined;
  const taken = takes(tool, op);
  if (taken === null) return { inputs: {}, wrong: [] };
  const { before, called } = seen;
  const fits = ({ hands }: Known) => hands === 'commit' || hands === taken.what;
  const newest = before.findLast(fits)?.name;
  const named = given['fromStep'];
  const isRight = before.some((step) => step.name === called(named) && fits(step));
  if (named === undefined ? taken.must && (!op || newest === undefined) : !isRight)
    return { inputs: {}, wrong: [['fromStep', wrongSource(named, taken, { ...seen, newest })]] };
  const goesOn = named === undefined && (op !== undefined || before.some(({ isGit }) => isGit));
  const inputs: Sources = goesOn && newest !== undefined ? { fromStep: newest } : {};
  return op ? withOthers(op, before, inputs) : { inputs, wrong: [] };
}

/** Why a step cannot go on from there, and from what it can. */
function wrongSource(
  named: unknown,
  { what }: Taken,
  { before, called, newest }: Seen & { newest: string | undefined },
): string {
  const name = called(named);
  const isBefore = before.some((step) => step.name === name);
  const why =
    named === undefined
      ? 'is missing'
      : typeof named !== 'string'
        ? 'is not the name of a step'
        : name === null
          ? `there is no step "${named}"`
          : isBefore
            ? `"${named}" hands on no ${what}`
            : `it does not wait for "${named}"`;
  const maker = what === 'commit' ? 'workspace:write' : 'codegen';
  const next = newest === undefined ? `put one of the tool ${maker} there` : `name "${newest}"`;
  return `${why}; it takes a step before it that hands on a ${what}: ${next}`;
}

/** What the operations that look back further look at. */
function withOthers(op: GitOp, before: readonly Known[], inputs: Sources): { inputs: Sources; wrong: Wrong[] } {
  if (op.operation === 'stash' && op.mode === 'pop') {
    const stash = before.findLast((step) => step.isStash && (op.stash ?? step.name) === step.name)?.name;
    if (stash !== undefined) return { inputs: { ...inputs, stash }, wrong: [] };
    const what = op.stash === undefined ? 'nothing' : `"${op.stash}" is not what`;
    return { inputs, wrong: [['stash', `${what} was set aside before it`]] };
  }
  if (op.operation !== 'reset' || op.commit === 'base') return { inputs, wrong: [] };
  if (op.commit === 'HEAD') {
    const commit = before.findLast(({ hands }) => hands === 'commit')?.name ?? 'base';
    return { inputs: { ...inputs, commit }, wrong: [] };
  }
  if (before.some(({ name, hands }) => name === op.commit && hands !== null)) return { inputs, wrong: [] };
  const words = `"${op.commit}" is neither HEAD, base nor a step before it that hands on a change`;
  return { inputs, wrong: [['commit', words]] };
}

/** What is wrong with the inputs that only NOFX gives: which step it stands in for, and which gate's findings it mends. */
function wrongLinks(
  { name, tool, inputs: { _replaces, repairs } }: Step,
  { existing, earlier, known }: { existing: readonly Existing[]; earlier: readonly Step[]; known: readonly Known[] },
): Wrong[] {
  const handsOf = (wanted: string | undefined) => known.find((one) => one.name === wanted)?.hands;
  const wrong: Wrong[] = [];
  if (_replaces !== undefined && handsOf(standIns(earlier).newest(_replaces)?.name) !== handsOf(name))
    wrong.push(['_replaces', `the run has no step "${_replaces}" that hands on the same; leave it out`]);
  if (tool === 'codegen' && repairs !== undefined) {
    const gate = z.object({ gate: z.string() }).safeParse(repairs).data?.gate;
    const isGate = (one: Existing) => one.name === gate && one.tool.startsWith('gate:') && one.status === 'failed';
    if (!existing.some(isGate)) wrong.push(['repairs', 'the run has no such gate that has failed; leave it out']);
  }
  return wrong;
}

/** The names of all steps that must be done before one begins. */
function waitsFor(step: Step, newest: (name: string) => Step | undefined): Set<string> {
  const found = new Set<string>();
  const open = [...step.inputs._dependsOn];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const one = newest(name);
    if (one === undefined || found.has(one.name)) continue;
    found.add(one.name);
    open.push(...one.inputs._dependsOn);
  }
  return found;
}
