import { mkdir, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { ToolError } from '@anthropic-ai/sdk/lib/tools/ToolError';
import { z } from 'zod';
import { defineTool, LEFT_OUT } from './tool-kit.ts';
import type { Confinement } from './confine.ts';
import type { Tool } from './tool-kit.ts';

/** delete_file and move_file, which the SDK's toolset lacks. A symbolic link is the link, not what it leads to. */
export function createMoveTools(confinement: Confinement, ignores: (path: string) => Promise<boolean>): Tool[] {
  async function existing(tool: string, given: string) {
    const place = await confinement.toChange(given);
    if (place.kind === 'missing') throw new ToolError(`${tool}: ${given}: no such file`);
    if (place.kind !== 'file' && place.kind !== 'link') throw new ToolError(`${tool}: ${given} is not a file`);
    return place;
  }

  return [
    defineTool({
      name: 'delete_file',
      description: 'Delete one file. Folders go away with their last file.',
      input: z.strictObject({ file_path: z.string().min(1) }),
      run: async ({ file_path }) => {
        const place = await existing('delete_file', file_path);
        await unlink(place.absolute);
        return `deleted ${place.relative}`;
      },
    }),
    defineTool({
      name: 'move_file',
      description: 'Rename or move one file. Missing folders are made; an existing file is not replaced.',
      input: z.strictObject({ from: z.string().min(1), to: z.string().min(1) }),
      run: async ({ from, to }) => {
        const source = await existing('move_file', from);
        const target = await confinement.toChange(to);
        if (target.kind !== 'missing') throw new ToolError(`move_file: ${to} is already there`);
        await mkdir(path.dirname(target.absolute), { recursive: true });
        await rename(source.absolute, target.absolute);
        const said = `moved ${source.relative} to ${target.relative}`;
        return (await ignores(target.relative)) ? said + LEFT_OUT : said;
      },
    }),
  ];
}
