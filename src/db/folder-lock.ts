import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UserError } from '../errors.ts';

/**
 * Takes a folder for this process until what it gives is called; UserError where another process has it. Makes the folder.
 *
 * The lock is the operating system's, on a file in there that SQLite opens (https://sqlite.org/lockingv3.html): it ends with
 * the process, however that ends, and holds while that is frozen or its machine asleep.
 */
export function lockFolder(dir: string): () => void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = new DatabaseSync(join(dir, 'lock'));
  try {
    file.exec('pragma journal_mode = off; begin exclusive');
  } catch (cause) {
    file.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause;
    throw new UserError(
      `Another process is using the embedded database in ${dir}.`,
      'Stop it, give this one another NOFX_DATA_DIR, or set DATABASE_URL to a Postgres that both can share.',
      { cause },
    );
  }
  held.add(file);
  return () => {
    held.delete(file);
    file.close();
  };
}

/** A file that nobody knows of any more is closed, and with it goes the lock. */
const held = new Set<DatabaseSync>();

const SQLITE_BUSY = 5;
