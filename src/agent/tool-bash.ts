import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { ToolError } from '@anthropic-ai/sdk/lib/tools/ToolError';
import { z } from 'zod';
import { defineTool } from './tool-kit.ts';
import type { CommandResult, Sandbox } from '../workspace/port.ts';
import type { Tool } from './tool-kit.ts';

const BASH_TIME_MS = 120_000;
const BASH_OUTPUT_BYTES = 30_000;

/**
 * Commands, in the sandbox alone: no network, nothing writable but the checkout less its `.git`. With
 * `readOnly` (single-file work) not even that, since a command cannot be held to one file.
 */
export function createBashTool(sandbox: Sandbox, checkout: string, readOnly: boolean): Tool {
  return defineTool({
    name: 'bash',
    description: [
      'Run a shell command in the root of the repository, in a sandbox without network.',
      `It is killed after ${BASH_TIME_MS / 1000} seconds; long output loses its middle. Every command starts afresh.`,
    ].join(' '),
    input: z.strictObject({ command: z.string().min(1) }),
    run: async ({ command }, context) => {
      const git = path.join(checkout, '.git');
      const hasGit = await lstat(git).then(
        () => true,
        () => false,
      );
      const result = await sandbox.run({
        command,
        cwd: checkout,
        readOnly: readOnly ? [checkout] : hasGit ? [git] : [],
        network: 'none',
        limits: { timeMs: BASH_TIME_MS, outputBytes: BASH_OUTPUT_BYTES },
        ...(context?.signal ? { signal: context.signal } : {}),
      });
      if (result.outcome === 'aborted') throw new ToolError('The run was stopped.');
      return describe(result);
    },
  });
}

/** A command that fails is an answer, not an error of the tool. */
function describe(result: CommandResult): string {
  const ending = {
    exited: `exit code ${result.exitCode}`,
    timed_out: `killed after ${BASH_TIME_MS / 1000} seconds`,
    killed: 'killed: it went past a limit of the sandbox',
    aborted: 'stopped',
  }[result.outcome];
  const output = result.output.trimEnd();
  return output === '' ? `(no output)\n[${ending}]` : `${output}\n[${ending}]`;
}
