import type { GitOp } from './git-ops.ts';

/** What those behind a step go on from: a change that is not committed yet, or a commit. */
export type HandedOn = 'change' | 'commit';

/** What a step goes on from; a commit has a change in it, too. `must`: it cannot begin at the base. */
export type Taken = { what: HandedOn; must: boolean };

type Step = { tool: string; inputs: Record<string, unknown> };

/** Whether a step with this tool may hand on a change set: made, taken over from an earlier run, or moved to another base. */
export function makesChange(tool: string): boolean {
  return ['codegen', 'reuse', 'rebase', 'git_ops'].includes(tool);
}

/** Whether a step commits a change set. */
export function commits({ tool, inputs }: Step): boolean {
  return tool === 'workspace:write' || (tool === 'git_ops' && inputs['operation'] === 'commit');
}

/** What a step reads of the one that it goes on from; null where it reads nothing. `op`: the operation that it is. */
export function takes(tool: string, op?: GitOp): Taken | null {
  if (tool === 'codegen') return { what: 'change', must: false };
  if (tool === 'workspace:write') return { what: 'change', must: true };
  if (tool.startsWith('gate:') || tool === 'git_pr' || tool === 'git_push') return { what: 'commit', must: true };
  if (op === undefined) return null;
  const { operation } = op;
  if (operation === 'push' || operation === 'tag') return { what: 'commit', must: true };
  return { what: 'change', must: operation === 'commit' };
}

/** What a step hands on, where the one that it goes on from has handed on `from`; null where that is nothing. */
export function handsOn(step: Step, from: HandedOn | null): HandedOn | null {
  const { tool, inputs } = step;
  if (commits(step)) return 'commit';
  if (tool !== 'git_ops') return makesChange(tool) ? 'change' : null;
  const operation = inputs['operation'];
  if (operation === 'push' || operation === 'tag') return null;
  // These only say where it goes.
  return operation === 'branch' || operation === 'switch' ? (from ?? 'change') : 'change';
}
