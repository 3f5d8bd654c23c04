import { betaAgentToolset20260401 } from '@anthropic-ai/sdk/tools/agent-toolset/node';
import { createBashTool } from './tool-bash.ts';
import { createConfinement } from './confine.ts';
import { createFileTools, LARGEST_BYTES } from './tool-files.ts';
import { createMoveTools } from './tool-move.ts';
import { inTurn } from './tool-kit.ts';
import type { Sandbox } from '../workspace/port.ts';
import type { Tool } from './tool-kit.ts';

export type ToolRules = {
  checkout: string;
  sandbox: Sandbox;
  /** Whether a new file of that path would be left out of the result. */
  ignores(path: string): Promise<boolean>;
  /** Single-file work: the one path that may be written. */
  filename?: string;
  /** Patterns of paths that may not be changed; domain/paths.ts says which unless told. */
  protectedPaths?: readonly string[];
};

/** Bytes of a file that `read` gives at once; beyond it, it wants a range of lines. */
const MOST_READ_BYTES = 100 * 1024;

/**
 * The tools a model gets, in a fixed order (they are the head of the cached prompt). The file tools do their
 * work through Anthropic's agent toolset, whose own `bash` is unconfined and never used.
 *
 * They run one at a time: two edits of one file in one turn would lose one of them, and a command
 * could swap a folder for a link between another tool's check and its write.
 */
export async function createTools(rules: ToolRules): Promise<Tool[]> {
  const confinement = await createConfinement({
    checkout: rules.checkout,
    ...(rules.filename === undefined ? {} : { only: rules.filename }),
    ...(rules.protectedPaths === undefined ? {} : { protectedPaths: rules.protectedPaths }),
  });
  const toolset = (maxFileBytes: number) =>
    betaAgentToolset20260401({
      workdir: confinement.root,
      readOnlyRoots: [`${confinement.root}/.git`],
      maxFileBytes,
    });
  const readers = toolset(MOST_READ_BYTES).filter(({ name }) => name === 'read');
  return inTurn([
    ...createFileTools([...readers, ...toolset(LARGEST_BYTES)], confinement, rules.ignores),
    ...createMoveTools(confinement, rules.ignores),
    ...(rules.sandbox.kind === 'bubblewrap'
      ? [createBashTool(rules.sandbox, confinement.root, rules.filename !== undefined)]
      : []),
  ]);
}
