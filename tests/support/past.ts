import { sql } from 'drizzle-orm';
import type { Executor } from '../../src/db/client.ts';

/**
 * Fills the tables with runs that are long over, ten events each, with their steps, effects, artifacts, deliveries and
 * jobs in proportion, as years of use would. Ends with the statistics brought up to date.
 */
export async function fillPast(db: Executor, runs: number): Promise<void> {
  const every = sql`generate_series(1, ${runs}) as i`;
  const id = sql`'run_past' || lpad(i::text, 14, '0')`;
  const ended = sql`now() - make_interval(secs => i)`;
  await db.execute(sql`
    insert into nofx.project (id, name, repo_url, workspace_mode, git_mode, default_branch, installation_id, repository_id)
    select 'past_' || i, 'past/project-' || i, 'https://example.com/past/project-' || i, 'worktree', 'basic', 'main', 1, i
    from generate_series(1, 100) as i on conflict do nothing`);
  await db.execute(sql`
    insert into nofx.run (id, project_id, status, goal, plan, trigger_key, source, model, max_cost_usd, git_mode, base_ref,
      base_sha, config, branch, lane, last_seq, created_at, started_at, ended_at)
    select ${id}, 'past_' || (i % 100 + 1), 'succeeded', 'Add the notes', '{"goal":"g","steps":[]}', 'past:' || i,
      '{"kind":"issue","prompt":"Add the notes"}', 'claude-sonnet-5-5', 5, 'basic', 'main', repeat('a', 40), '{}',
      'nofx/' || i, 'past_' || (i % 100 + 1) || '#' || i, 10, ${ended}, ${ended}, ${ended}
    from ${every}`);
  await db.execute(sql`
    insert into nofx.step (id, run_id, position, name, tool, inputs, outputs, status, idempotency_key, depends_on, attempt,
      created_at, started_at, ended_at)
    select 'step_past' || i || '_' || n, ${id}, n, 's' || n, 'codegen', '{}', '{}', 'succeeded', 'past:' || i || ':' || n, '[]',
      1, ${ended}, ${ended}, ${ended}
    from ${every}, generate_series(0, 3) as n`);
  await db.execute(sql`
    insert into nofx.event (run_id, seq, type, payload, created_at)
    select ${id}, n, 'step.finished', '{"name":"codegen","attempt":1,"status":"succeeded"}', ${ended}
    from ${every}, generate_series(1, 10) as n`);
  await db.execute(sql`
    insert into nofx.effect (run_id, key, result, created_at, done_at)
    select ${id}, key, '{"id":1}', ${ended}, ${ended} from ${every}, unnest(array['comment', 'push', 'pull_request']) as key`);
  await db.execute(sql`
    insert into nofx.artifact (id, run_id, step_id, name, path, driver, sha256, size, content_type, created_at)
    select 'art_past' || i || '_' || n, ${id}, 'step_past' || i || '_0', 'files/' || n, 'p', 'local', repeat('b', 64), 10,
      'text/plain', ${ended}
    from ${every}, generate_series(1, 3) as n`);
  await db.execute(sql`
    insert into nofx.delivery (guid, event, payload, received_at, processed_at, outcome)
    select 'past-' || i, 'issue_comment', '{"action":"created"}', ${ended}, ${ended}, 'run' from ${every}`);
  await db.execute(sql`
    insert into nofx.session (hash, ends_at) select 'past_' || i, now() + make_interval(secs => i) from ${every}`);
  // Of what is done the queue keeps a week, whatever it is: pg-boss removes what is older.
  await db.execute(sql`
    insert into pgboss.job (name, state, data, created_on, started_on, completed_on)
    select name, 'completed', '{}', ${ended}, ${ended}, ${ended}
    from ${every}, unnest(array['step', 'delivery', 'progress']) as name where i <= 20000`);
  await db.execute(sql`analyze`);
}
