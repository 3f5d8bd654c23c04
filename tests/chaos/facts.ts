import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../../src/db/client.ts';
import { event, run, step } from '../../src/db/schema.ts';
import type { GitHubStandIn } from '../../src/playground/github-stand-in.ts';
import { compareHistory } from '../support/history.ts';
import type { Facts, RunFacts } from './checks.ts';

/** How far it is: null while the database cannot say. */
export async function progressOf({ db }: Database): Promise<{ opened: number; ended: number; jobs: number } | null> {
  try {
    const { rows } = await db.execute(`select
      (select count(*)::int from nofx.run) as opened,
      (select count(*)::int from nofx.run where ended_at is not null) as ended,
      (select count(*)::int from pgboss.job where state in ('created', 'retry', 'active')) as jobs`);
    return rows[0] as { opened: number; ended: number; jobs: number };
  } catch {
    return null;
  }
}

/** What the database and GitHub say of the runs. */
export async function gather(
  { db }: Database,
  github: GitHubStandIn,
  repos: string[],
): Promise<Pick<Facts, 'runs' | 'checks' | 'jobs' | 'pullRequests'>> {
  const [runs, events, steps] = [
    await db.select().from(run),
    await db.select().from(event).orderBy(event.seq),
    await db.select().from(step).orderBy(step.position),
  ];
  const { rows } = await db.execute(
    "select name || ' ' || state || ' ' || data::text as job from pgboss.job where state in ('created', 'retry', 'active')",
  );
  const pulls = new Map(repos.map((repo) => [repo, github.pullRequests(repo)]));
  const factsOf = (one: (typeof runs)[number]): RunFacts => {
    const { repository, issue } = one.source;
    const story = events.filter(({ runId }) => runId === one.id);
    const parts = steps.filter(({ runId }) => runId === one.id);
    const own = github.comments(repository, issue!.number).filter(({ user }) => user?.login === 'nofx[bot]');
    return {
      id: one.id,
      asked: `${repository}#${issue!.number}`,
      status: one.status,
      failure: one.failure && JSON.stringify(one.failure),
      pullRequests: pulls.get(repository)!.filter(({ head }) => head.ref === one.branch).length,
      comments: own.length,
      events: story.map(({ seq, type }) => ({ seq, type })),
      steps: parts.map(({ name, status }) => ({ name, status })),
      history: compareHistory(one, parts, story),
    };
  };
  return {
    runs: runs.map(factsOf),
    checks: repos.flatMap((repo) =>
      github.checkRuns(repo).map((check) => ({
        repo,
        name: check.name,
        key: `${check.head_sha} ${check.external_id}`,
        status: check.status,
      })),
    ),
    jobs: rows.map(({ job }) => String(job).slice(0, 200)),
    pullRequests: [...pulls.values()].flat().length,
  };
}

/** Processes that have to do with a folder: by their words, their working directory or their environment. Linux only. */
export async function processesOf(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = pids
    .filter((pid) => Number(pid) !== process.pid)
    .map(async (pid) => {
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      if (![words, environment, cwd].some((text) => text.includes(folder))) return [];
      return [`${pid} ${words.replaceAll('\0', ' ').trim()}`];
    });
  return (await Promise.all(found)).flat();
}

/** Checkouts, scratch folders and locks under a workspace root. Mirrors are kept on purpose. */
export async function leftUnder(root: string): Promise<string[]> {
  const left: string[] = [];
  for (const kind of ['workspaces', 'scratch']) {
    for (const project of await readdir(join(root, kind)).catch(() => []))
      for (const name of await readdir(join(root, kind, project)).catch(() => [])) left.push(join(kind, project, name));
  }
  for (const mirror of await readdir(join(root, 'mirrors')).catch(() => []))
    for (const name of await readdir(join(root, 'mirrors', mirror, 'worktrees')).catch(() => []))
      left.push(join('mirrors', mirror, 'worktrees', name));
  const everything = await readdir(root, { recursive: true }).catch(() => []);
  left.push(...everything.filter((path) => path.endsWith('.lock')));
  return left;
}
