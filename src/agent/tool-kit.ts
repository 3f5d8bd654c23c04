import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { ToolError } from '@anthropic-ai/sdk/lib/tools/ToolError';
import { z } from 'zod';
import type { BetaRunnableTool, BetaToolRunContext } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';

export type Tool = BetaRunnableTool & { name: string };
export type ToolContext = BetaToolRunContext | undefined;

/** What a model hears beside the result of a tool that made a file which will not be handed in. */
export const LEFT_OUT =
  '\nBut .gitignore leaves this path out, so the file will not be part of your change: put it elsewhere, or say in your summary what a person must do.';

/**
 * A tool whose input is checked against its schema: the SDK's own tools take whatever comes (a `write`
 * without content empties the file). What does not fit goes back to the model in plain words.
 */
export function defineTool<Schema extends z.ZodObject>(options: {
  name: string;
  description: string;
  input: Schema;
  run: (input: z.infer<Schema>, context: ToolContext) => Promise<string>;
}): Tool {
  const { name, description, input, run } = options;
  const tool: Tool = betaZodTool({ name, description, inputSchema: input, run });
  tool.parse = (given) => {
    const parsed = input.safeParse(given);
    if (!parsed.success) throw new ToolError(`${name}: ${z.prettifyError(parsed.error)}`);
    return parsed.data;
  };
  return tool;
}

/** Lets the tools run one after another, and no more once the run is aborted. */
export function inTurn(tools: Tool[]): Tool[] {
  let last: Promise<unknown> = Promise.resolve();
  return tools.map((tool) => ({
    ...tool,
    run: (input: unknown, context: ToolContext) => {
      const mine = last.then(() => {
        if (context?.signal?.aborted) throw new ToolError('The run was stopped.');
        return tool.run(input, context);
      });
      last = mine.catch(() => {});
      return mine;
    },
  }));
}
