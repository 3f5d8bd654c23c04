import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('./sample', import.meta.url));

/**
 * The sample project of the demo, path → content, ready for `createRepository({ files })`: `text-kit`, a
 * small JavaScript library whose tests run with `node --test` and need nothing installed.
 */
export async function sampleFiles(): Promise<Record<string, string>> {
  const entries = await readdir(FOLDER, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files.sort().map(async (file) => [pathOf(file), await readFile(file, 'utf8')] as const);
  return Object.fromEntries(await Promise.all(read));
}

const pathOf = (file: string): string => relative(FOLDER, file).split(sep).join('/');
