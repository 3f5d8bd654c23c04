import { sql } from 'drizzle-orm';
import pg from 'pg';
import type { Database } from '../../src/db/client.ts';

/** What a statement reads, as Postgres plans it. */
export type Plan = { statement: string; scans: string[] };

/** The plans of all that a connection has prepared, which is what the engine has just sent through it. */
export async function plansOf({ db, link }: Pick<Database, 'db' | 'link'>): Promise<Plan[]> {
  const { rows } = await db.execute<{ statement: string }>(
    sql`select statement from pg_prepared_statements where statement ~* '^\\s*(with|select|update|insert|delete)' and statement !~ 'pg_prepared'`,
  );
  // With a client of its own: a statement that is only explained has no values to bind.
  const client = new pg.Client({ connectionString: link.kind === 'postgres' ? link.url : '' });
  await client.connect();
  try {
    const plans: Plan[] = [];
    for (const { statement } of rows) plans.push({ statement, scans: await scansOf(client, statement) });
    return plans;
  } finally {
    await client.end();
  }
}

async function scansOf(client: pg.Client, statement: string): Promise<string[]> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (generic_plan, costs off) ${statement}`);
  const scans = rows.flatMap(
    ({ 'QUERY PLAN': line }) => /(\w[\w ]*Scan(?: Backward)?(?: using \w+)? on [\w.]+)/.exec(line)?.[1] ?? [],
  );
  return [...new Set(scans)].filter((scan) => !/CTE Scan|Function Scan|Subquery Scan/.test(scan));
}
