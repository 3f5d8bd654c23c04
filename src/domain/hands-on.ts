import { GitOp } from './git-ops.ts';

/** What those behind a step go on from: a change that is not committed yet, or a commit. */
export type HandedOn = 'change' | 'commit';

type Step = { name: string; tool: string; inputs: Record<string, unknown> & { _dependsOn: string[] } };

/** Whether a step with this tool may hand on a change set: made, taken over from an earlier run, or moved to another base. */
export function makesChange(tool: string): boolean {
  return ['codegen', 'reuse', 'rebase', 'git_ops'].includes(tool);
}

/** Whether a step commits a change set. */
export function commits({ tool, inputs }: { tool: string; inputs: Record<string, unknown> }): boolean {
  return tool === 'workspace:write' || (tool === 'git_ops' && inputs['operation'] === 'commit');
}

/**
 * Says of each git operation what it goes on from: what its plan names, or the newest before it that it waits for. Where
 * there is none, it begins at the base. Code that is written behind one goes on from there in the same way: what was done
 * would be lost otherwise. Gives what is wrong with that.
 */
export function withSources<S extends Step>(steps: readonly S[]): { steps: S[]; errors: string[] } {
  const done: Known[] = [];
  const errors: string[] = [];
  const sourced = steps.map((step) => {
    const op = step.tool === 'git_ops' ? GitOp.safeParse(step.inputs).data : undefined;
    const waited = waitsFor(steps, step);
    const before = done.filter(({ name }) => waited.has(name));
    const filled = op
      ? sourceOf(op, before)
      : { errors: [], inputs: step.tool === 'codegen' ? behind(step, before) : {} };
    errors.push(...filled.errors.map((message) => `step "${step.name}": ${message}`));
    const inputs = { ...step.inputs, ...filled.inputs };
    done.push({
      name: step.name,
      hands: handedOn(step, before, filled.inputs.fromStep),
      isGit: step.tool === 'git_ops',
      stashes: op ? stashes(op) : false,
    });
    return { ...step, inputs };
  });
  return { steps: sourced, errors };
}

type Known = { name: string; hands: HandedOn | null; isGit: boolean; stashes: boolean };
type Sources = { fromStep?: string; stash?: string; commit?: string };

function sourceOf(op: GitOp, before: readonly Known[]): { errors: string[]; inputs: Sources } {
  const needs = op.operation === 'push' || op.operation === 'tag' ? 'commit' : 'change';
  const fits = ({ hands }: Known) => hands !== null && (needs === 'change' || hands === needs);
  const newest = before.findLast(fits)?.name;
  const fromStep = op.fromStep ?? newest;
  const errors: string[] = [];
  if (op.fromStep !== undefined && !before.some((step) => step.name === op.fromStep && fits(step)))
    errors.push(`fromStep: "${op.fromStep}" is no step before it that hands on a ${needs}`);
  if (fromStep === undefined && (needs === 'commit' || op.operation === 'commit'))
    errors.push(`${op.operation} needs a step before it that hands on a ${needs}`);
  const inputs: Sources = fromStep === undefined ? {} : { fromStep };

  if (op.operation === 'stash' && op.mode === 'pop') {
    const stash = before.findLast((step) => step.stashes && (op.stash ?? step.name) === step.name);
    if (!stash)
      errors.push(`stash: ${op.stash === undefined ? 'nothing' : `"${op.stash}" is not what`} was set aside before it`);
    else inputs.stash = stash.name;
  }
  if (op.operation === 'reset' && op.commit === 'HEAD') {
    inputs.commit = before.findLast(({ hands }) => hands === 'commit')?.name ?? 'base';
  } else if (op.operation === 'reset' && op.commit !== 'base') {
    const known = before.some(({ name, hands }) => name === op.commit && hands !== null);
    if (!known) errors.push(`commit: "${op.commit}" is neither HEAD, base nor a step before it that hands on a change`);
  }
  return { errors, inputs };
}

/** Where code goes on, in a plan whose newest change before it is not the model's alone. */
function behind({ inputs }: Step, before: readonly Known[]): Sources {
  const newest = before.findLast(({ hands }) => hands !== null);
  const isOpen = inputs['fromStep'] === undefined && before.some(({ isGit }) => isGit);
  return isOpen && newest ? { fromStep: newest.name } : {};
}

function handedOn({ tool, inputs }: Step, before: readonly Known[], fromStep?: string): HandedOn | null {
  if (commits({ tool, inputs })) return 'commit';
  if (tool !== 'git_ops') return makesChange(tool) ? 'change' : null;
  const operation = inputs['operation'];
  if (operation === 'push' || operation === 'tag') return null;
  // These only say where it goes.
  if (operation !== 'branch' && operation !== 'switch') return 'change';
  return before.find(({ name }) => name === fromStep)?.hands ?? 'change';
}

function stashes(op: GitOp): boolean {
  return op.operation === 'stash' && op.mode === 'push';
}

/** The names of all steps that must be done before one begins. */
function waitsFor(steps: readonly Step[], step: Step): Set<string> {
  const found = new Set<string>();
  const open = [...step.inputs._dependsOn];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    open.push(...(steps.find((each) => each.name === name)?.inputs._dependsOn ?? []));
  }
  return found;
}
