import { sql } from 'drizzle-orm';
import type { Database } from '../../src/db/client.ts';
import { fillPast } from '../support/past.ts';

/** What people who mean harm write into names and requests. */
export const EVIL = `"'><script>alert(1)</script>`;

/** A month in three repositories: the more a run has cost, the longer ago. */
export async function fillMonth(db: Database['db']) {
  await fillPast(db, 90);
  await db.execute(sql`
    update nofx.project set name = case id when 'past_1' then 'acme/storefront' when 'past_2' then 'acme/api' else ${`acme/${EVIL}`} end,
      repo_url = 'https://github.example/acme/' || case id when 'past_2' then 'api' else id end where id in ('past_1', 'past_2', 'past_3')`);
  await db.execute(sql`
    update nofx.run set project_id = 'past_' || (1 + i % 3 % 2 + (i % 11 = 0)::int),
      created_at = now() - make_interval(days => i % 30), ended_at = now() - make_interval(days => i % 30),
      cost = jsonb_build_object('usd', case when i = 7 then null else 0.15 + (i * 37 % 100) / 80.0 end, 'cappedUsd', 1),
      pull_request = case when i % 4 <> 0 then jsonb_build_object('number', i, 'url', 'https://github.example/pull/' || i) end,
      merged_at = case when i % 5 > 1 and i % 4 <> 0 then now() - make_interval(days => i % 28) end,
      status = case when i % 6 = 0 then 'failed' else status end,
      goal = case i % 3 when 0 then 'Add a slugify helper' when 1 then ${`Mend the parser ${EVIL}`} else 'Move the tests to Vitest' end,
      source = source || jsonb_build_object('repository', 'acme/storefront', 'issue', null, 'requester',
        jsonb_build_object('id', case when i % 9 = 0 then 2 else 3 end, 'login', case when i % 9 = 0 then 'mona' else 'tom' end))
    from (select id as run_id, split_part(trigger_key, ':', 2)::int as i from nofx.run) as past where past.run_id = id`);
  await db.execute(sql`delete from nofx.project where id not in (select project_id from nofx.run)
    and id not in ('past_1', 'past_2', 'past_3')`);
}
