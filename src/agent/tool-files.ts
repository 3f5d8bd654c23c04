import { isUtf8 } from 'node:buffer';
import { open, readFile, stat } from 'node:fs/promises';
import { ToolError } from '@anthropic-ai/sdk/lib/tools/ToolError';
import { z } from 'zod';
import { isLfsPointer } from '../domain/kept-elsewhere.ts';
import { LEAVE_IT } from './confine.ts';
import { defineTool, LEFT_OUT } from './tool-kit.ts';
import type { Confinement } from './confine.ts';
import type { Tool, ToolContext } from './tool-kit.ts';

/** Larger files are not edited. */
export const LARGEST_BYTES = 1024 * 1024;

const filePath = z.string().min(1).describe('Path from the root of the repository.');

/** read, write, edit, glob and grep: the SDK's, behind checked inputs and our rules for paths. */
export function createFileTools(
  toolset: readonly { name: string; run: Tool['run'] }[],
  confinement: Confinement,
  ignores: (path: string) => Promise<boolean>,
): Tool[] {
  const { root } = confinement;

  /** Runs the SDK's tool; neither its results nor its errors show where on this machine the checkout is. */
  async function through(name: string, input: unknown, context: ToolContext): Promise<string> {
    const tool = toolset.find((one) => one.name === name);
    if (!tool) throw new Error(`the agent toolset has no ${name}`);
    try {
      const result = await tool.run(input, context);
      if (typeof result !== 'string') throw new Error(`${name} gave something other than text`);
      return name === 'read' ? result : result.split('\n').map(fromRoot).join('\n');
    } catch (error) {
      if (error instanceof ToolError && typeof error.content === 'string')
        throw new ToolError(error.content.replaceAll(`${root}/`, '').replaceAll(root, '.'));
      throw error;
    }
  }
  const fromRoot = (line: string) => (line.startsWith(`${root}/`) ? line.slice(root.length + 1) : line);

  return [
    defineTool({
      name: 'read',
      description: 'Read a text file. Large files must be read in ranges of lines.',
      input: z.strictObject({
        file_path: filePath,
        view_range: z
          .array(z.int())
          .length(2)
          .optional()
          .describe('[first line, last line], counted from 1; -1 is the end.'),
      }),
      run: async ({ file_path, view_range }, context) => {
        const { absolute, relative } = await confinement.toRead(file_path);
        await refuseBinary(absolute, file_path);
        const text = await through('read', { file_path: relative || '.', ...(view_range && { view_range }) }, context);
        return text === '' ? '(nothing there: the file or the range is empty)' : text;
      },
    }),
    defineTool({
      name: 'write',
      description:
        'Create a text file, or replace all of it. Missing folders are made. An existing file keeps its mode, line ends and byte order mark.',
      input: z.strictObject({ file_path: filePath, content: z.string().describe('The whole new content.') }),
      run: async ({ file_path, content }, context) => {
        const { absolute, relative } = await confinement.toWrite(file_path);
        const before = (await bytesOf(absolute)).toString();
        refusePointer('write', before, file_path);
        const said = await through('write', { file_path: relative, content: asWritten(content, before) }, context);
        return (await ignores(relative)) ? said + LEFT_OUT : said;
      },
    }),
    defineTool({
      name: 'edit',
      description:
        'Replace old_string by new_string in a text file. old_string must be there exactly once, unless replace_all is true.',
      input: z.strictObject({
        file_path: filePath,
        old_string: z.string().min(1),
        new_string: z.string(),
        replace_all: z.boolean().optional(),
      }),
      run: async (input, context) => {
        const { absolute, relative } = await confinement.toWrite(input.file_path);
        const bytes = await bytesOf(absolute);
        refuseMangling(bytes, input.file_path);
        const before = bytes.toString();
        refusePointer('edit', before, input.file_path);
        const ends = lineEndsOf(before);
        const [old_string, new_string] = [ends(input.old_string), ends(input.new_string)];
        return through('edit', { ...input, file_path: relative, old_string, new_string }, context);
      },
    }),
    defineTool({
      name: 'glob',
      description:
        'List files whose path matches a glob pattern such as src/**/*.ts, newest first. .git and node_modules are left out.',
      input: z.strictObject({ pattern: z.string().min(1), path: filePath.optional().describe('Folder to search in.') }),
      run: async ({ pattern, path }, context) => {
        const { absolute } = await confinement.toRead(path ?? '.');
        return through('glob', { pattern, path: absolute }, context);
      },
    }),
    defineTool({
      name: 'grep',
      description: 'Search the contents of files for a regular expression. Gives path, line number and line.',
      input: z.strictObject({
        pattern: z.string().min(1),
        path: filePath.optional().describe('File or folder to search in.'),
      }),
      run: async ({ pattern, path }, context) => {
        const { absolute } = await confinement.toRead(path ?? '.');
        await refusePipe(absolute, path ?? '.');
        return through('grep', { pattern, path: absolute }, context);
      },
    }),
  ];
}

/** What a command has made a pipe would be read for ever. */
async function refusePipe(absolute: string, given: string): Promise<void> {
  const found = await stat(absolute).catch(() => null);
  if (found && !found.isFile() && !found.isDirectory())
    throw new ToolError(`grep: ${given} is neither a file nor a folder`);
}

/** The first 8,000 bytes decide, as they do for git. */
async function refuseBinary(absolute: string, given: string): Promise<void> {
  // Only a regular file: opening a pipe would wait for ever.
  const size = await stat(absolute).then(
    (it) => (it.isFile() ? it.size : null),
    () => null,
  );
  if (size === null) return;
  const file = await open(absolute);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8000), 0, 8000, 0);
    if (buffer.subarray(0, bytesRead).includes(0))
      throw new ToolError(`read: ${given} is a binary file of ${size} bytes`);
  } finally {
    await file.close();
  }
}

/** What is written over a file, as that file is written: models give `\n` whatever they were shown, and no byte order mark. */
function asWritten(content: string, before: string): string {
  const mark = before.startsWith(BYTE_ORDER_MARK) && !content.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  return mark + lineEndsOf(before)(content);
}

const BYTE_ORDER_MARK = '\ufeff';

/** Gives a text the line ends of another, where those are `\r\n` throughout; else it stays as it is. */
function lineEndsOf(text: string): (given: string) => string {
  const isCrlf = text.includes('\r\n') && !/(?<!\r)\n/.test(text);
  return (given) => (isCrlf ? given.replace(/\r?\n/g, '\r\n') : given);
}

/** What is in a file; nothing where there is none, or it is larger than the tools take. */
async function bytesOf(absolute: string): Promise<Buffer> {
  const size = await stat(absolute).then(
    (it) => (it.isFile() ? it.size : 0),
    () => 0,
  );
  return size > 0 && size <= LARGEST_BYTES ? readFile(absolute) : Buffer.alloc(0);
}

/** What is in its place would become the file itself for everybody who has Git LFS. */
function refusePointer(tool: string, before: string, given: string): void {
  if (isLfsPointer(before)) throw new ToolError(`${tool}: ${given} is kept in Git LFS: ${LEAVE_IT}`);
}

/** The SDK reads and writes UTF-8; in another encoding, bytes that the edit is not about would change. */
function refuseMangling(before: Buffer, given: string): void {
  if (!isUtf8(before)) throw new ToolError(`edit: ${given} is not UTF-8 text; it can only be replaced as a whole`);
}
