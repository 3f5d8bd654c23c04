import { createTools } from '../../src/agent/tools.ts';
import { NO_SANDBOX } from '../support/agent.ts';
import type { ToolRules } from '../../src/agent/tools.ts';

/** Calls a tool as the SDK's runner does; an error comes back as `ERROR: …`. */
export async function makeTools(root: string, rules: Partial<ToolRules> = {}) {
  const tools = await createTools({ checkout: root, sandbox: NO_SANDBOX, ignores: async () => false, ...rules });
  return async (name: string, input: unknown): Promise<string> => {
    const tool = tools.find((one) => one.name === name);
    if (!tool) throw new Error(`no tool ${name}`);
    try {
      return (await tool.run(tool.parse(input), undefined)) as string;
    } catch (error) {
      return `ERROR: ${(error as { content?: string }).content ?? (error as Error).message}`;
    }
  };
}

/** What a checkout holds where it does not matter. */
export const files = { 'a.txt': 'one\ntwo\none\n', 'src/b.js': 'export {};\n', 'src/c.js': 'two\n' };
