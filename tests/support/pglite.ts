import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTemplate } from './template.ts';

/**
 * The PGlite lane's template: a database with every table, made once and dumped, because making one
 * takes seconds and loading a dump a fraction of one. Global set-up of the vitest project `pglite`;
 * tests/support/database.ts finds it by NOFX_TEST_PGLITE_TEMPLATE.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'nofx-pglite-'));
  const database = await openTemplate({ kind: 'pglite', dir: null });
  if (database.link.kind !== 'pglite') throw new Error('not a PGlite');
  const dump = await database.link.pglite.dumpDataDir('none');
  await database.close();
  const path = join(folder, 'template.tar');
  await writeFile(path, Buffer.from(await dump.arrayBuffer()));
  process.env['NOFX_TEST_PGLITE_TEMPLATE'] = path;
  return () => rm(folder, { recursive: true, force: true });
}
