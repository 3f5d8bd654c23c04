import { gateOf } from '../domain/plan.ts';
import { codegen } from './codegen.ts';
import { gate } from './gate.ts';
import { gitOps } from './git-ops.ts';
import { gitPr } from './git-pr.ts';
import { plan } from './plan.ts';
import { gitPush } from './git-push.ts';
import type { Handler } from './handler.ts';
import { rebase } from './rebase.ts';
import { reuse } from './reuse.ts';
import { workspaceWrite } from './workspace-write.ts';

/** Every tool a plan may name; `gate:*` stands for a gate of any name. */
export const handlers = {
  plan,
  codegen,
  reuse,
  rebase,
  'workspace:write': workspaceWrite,
  'gate:*': gate,
  git_ops: gitOps,
  git_pr: gitPr,
  git_push: gitPush,
} satisfies Record<string, Handler>;

export type Tool = keyof typeof handlers;

/** Beside those with a handler, the steps that wait for a person: nobody works on them. */
export const knownTools = [...Object.keys(handlers), 'manual:*'];

/** The handler of a stored step's tool; undefined when an older version knew it and this one does not. */
export function handlerOf(tool: string): Handler | undefined {
  const known = gateOf(tool) === null ? tool : 'gate:*';
  return Object.hasOwn(handlers, known) ? handlers[known as Tool] : undefined;
}
