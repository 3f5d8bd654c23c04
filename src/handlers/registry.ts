import { codegen } from './codegen.ts';
import { gateTest } from './gate-test.ts';
import { gitPr } from './git-pr.ts';
import type { Handler } from './handler.ts';
import { workspaceWrite } from './workspace-write.ts';

/** Every tool a plan may name. */
export const handlers = {
  codegen,
  'workspace:write': workspaceWrite,
  'gate:test': gateTest,
  git_pr: gitPr,
} satisfies Record<string, Handler>;

export type Tool = keyof typeof handlers;

export const knownTools = Object.keys(handlers);

/** The handler of a stored step's tool; undefined when an older version knew it and this one does not. */
export function handlerOf(tool: string): Handler | undefined {
  return Object.hasOwn(handlers, tool) ? handlers[tool as Tool] : undefined;
}
