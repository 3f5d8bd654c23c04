import { sql } from 'drizzle-orm';
import { openDb } from '../../src/db/client.ts';

/** A process of its own that takes the lock of a row in a transaction, says so, and keeps it until it is ended. */
const database = await openDb({ kind: 'postgres', url: process.argv[2]! });
process.once('message', () => process.exit());
try {
  await database.db.transaction(async (tx) => {
    await tx.execute(sql`select * from held for update`);
    process.send!('held');
    // Always in touch: only a process that stands still loses its lock.
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await tx.execute(sql`select 1`);
    }
  });
} catch {
  process.send!('lost');
}
