import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, it } from 'vitest';
import { freshDatabaseOptions } from '../support/database.ts';

const HOLDER = fileURLToPath(new URL('../support/hold-lock.ts', import.meta.url));

it('a process frozen within a transaction loses its locks before its jobs are given to others', async () => {
  const options = await freshDatabaseOptions();
  if (options.kind !== 'postgres') throw new Error('not the Postgres lane');
  const other = new pg.Client({ connectionString: options.url });
  await other.connect();
  await other.query('create table held (id int); insert into held values (1)');
  const holder = fork(HOLDER, [options.url]);
  try {
    expect(await once(holder, 'message')).toEqual(['held', undefined]);
    // Longer than it may stand still, which it does not do yet.
    await expect(other.query(`set lock_timeout = '9s'; update held set id = 2`)).rejects.toThrow('lock timeout');
    holder.kill('SIGSTOP');
    // The lease of a job is ten seconds.
    await other.query(`set lock_timeout = '10s'; update held set id = 3`);
    holder.kill('SIGCONT');
    expect(await once(holder, 'message')).toEqual(['lost', undefined]);
    expect((await other.query('select id from held')).rows).toEqual([{ id: 3 }]);
  } finally {
    holder.kill('SIGKILL');
    await other.end();
  }
});
