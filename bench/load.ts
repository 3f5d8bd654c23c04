import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { openDb } from '../src/db/client.ts';
import { percentile } from './stats.ts';
import { sender, startNofx } from './webhooks.ts';

export type LoadFigures = {
  role: string;
  sent: number;
  duplicates: number;
  p50: number;
  p99: number;
  max: number;
  /** answered, and not in the inbox */
  lost: number;
  /** worked on more than once, or never */
  doubled: number;
  undone: number;
};

/**
 * So many deliveries a second, sent when their time has come and not when the last one was answered, one in ten of them
 * a second time; then what became of them.
 */
export async function measureLoad(options: {
  postgresUrl: string;
  role: 'web' | 'all';
  perSecond: number;
  seconds: number;
}): Promise<LoadFigures> {
  const { postgresUrl, role, perSecond, seconds } = options;
  const nofx = await startNofx({ kind: 'postgres', url: postgresUrl }, { NOFX_ROLE: role });
  const database = await openDb({ kind: 'postgres', url: postgresUrl });
  try {
    const send = sender(nofx);
    for (let index = 0; index < 100; index += 1) await send(randomUUID());
    await database.db.execute(sql`delete from nofx.delivery`);
    await database.db.execute(sql`delete from pgboss.job where name = 'delivery'`);

    const guids: string[] = [];
    const times: number[] = [];
    const answers: Promise<void>[] = [];
    const total = perSecond * seconds;
    let duplicates = 0;
    const began = performance.now();
    for (let index = 0; index < total; index += 1) {
      const due = began + (index * 1000) / perSecond;
      if (due > performance.now()) await sleep(due - performance.now());
      // Of those just sent, also of those that are not answered yet.
      const again = index % 10 === 9;
      const guid = again
        ? guids[guids.length - 1 - Math.floor(Math.random() * Math.min(guids.length, 20))]!
        : randomUUID();
      if (again) duplicates += 1;
      else guids.push(guid);
      // From when it was due: a generator that falls behind would hide what the server does.
      answers.push(send(guid).then(() => void times.push(performance.now() - due)));
    }
    await Promise.all(answers);
    times.sort((a, b) => a - b);
    if (role === 'all') await nofx.child.ask('drain');
    const { rows } = await database.db.execute<{ kept: number; done: number; jobs: number }>(sql`
      select (select count(*)::int from nofx.delivery) as kept,
        (select count(*)::int from nofx.delivery where processed_at is not null) as done,
        (select count(*)::int from pgboss.job where name = 'delivery') as jobs`);
    const { kept, done, jobs } = rows[0]!;
    return {
      role,
      sent: total,
      duplicates,
      p50: percentile(times, 50),
      p99: percentile(times, 99),
      max: times.at(-1)!,
      lost: guids.length - kept,
      doubled: jobs - guids.length,
      undone: role === 'all' ? kept - done : 0,
    };
  } finally {
    await database.close();
    await nofx.child.stop();
    await nofx.remove();
  }
}
