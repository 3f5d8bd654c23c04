import { Hono, type Context } from 'hono';
import { repositoryFor, type Need } from './access.ts';
import { applyCheck, emitCheck, refuseReopening, suiteFor, validateCheck } from './actions-checks.ts';
import type { Env } from './auth.ts';
import { resolveCommit } from './git-reader.ts';
import { bodyOf, fail, notFound, page, text } from './respond.ts';
import { isCommit } from './routes-git.ts';
import { annotationShape, checkRunShape, checkSuiteShape } from './shape-checks.ts';
import type { CheckRun, Repository } from './types.ts';
import type { World } from './world.ts';

/** Check runs and suites. Only the app that is here makes them by request; those of others come from `runCheck`. */
export function checkRoutes(world: World): Hono<Env> {
  const routes = new Hono<Env>();
  const { bot } = world.app;

  function runFor(c: Context<Env>, need: Need): CheckRun {
    const repo = repositoryFor(world, c, need);
    const run = world.checkRuns.get(Number(c.req.param('run')));
    if (!run || run.repo !== repo) return notFound();
    if (need === 'checks:write' && run.suite.otherApp !== undefined)
      return fail(403, 'Invalid app_id `…` - check run can only be modified by the GitHub App that created it.');
    return run;
  }

  async function requireCommit(repo: Repository, sha: string): Promise<void> {
    if (!(await isCommit(repo, sha))) fail(422, `No commit found for SHA: ${sha}`);
  }

  routes.post('/repos/:owner/:repo/check-runs', async (c) => {
    const repo = repositoryFor(world, c, 'checks:write');
    const body = await bodyOf(c);
    const headSha = text(body, 'head_sha', 'CheckRun');
    const name = text(body, 'name', 'CheckRun');
    validateCheck(body);
    await requireCommit(repo, headSha);
    const branch = [...repo.knownBranches].find(([, sha]) => sha === headSha)?.[0] ?? null;
    const run: CheckRun = {
      id: world.nextId(),
      suite: suiteFor(world, repo, headSha, branch),
      repo,
      name,
      headSha,
      externalId: '',
      detailsUrl: null,
      status: 'queued',
      conclusion: null,
      startedAt: world.now(),
      completedAt: null,
      output: { title: null, summary: null, text: null },
      annotations: [],
      actions: [],
    };
    applyCheck(world, run, body);
    world.checkRuns.set(run.id, run);
    void emitCheck(world, run, run.status === 'completed' ? 'completed' : 'created', bot);
    return c.json(checkRunShape(world, run), 201);
  });

  routes.patch('/repos/:owner/:repo/check-runs/:run{[0-9]+}', async (c) => {
    const run = runFor(c, 'checks:write');
    const body = await bodyOf(c);
    validateCheck(body);
    const before = run.status;
    refuseReopening(run, body);
    applyCheck(world, run, body);
    if (run.status === 'completed' && before !== 'completed') void emitCheck(world, run, 'completed', bot);
    return c.json(checkRunShape(world, run));
  });

  routes.get('/repos/:owner/:repo/check-runs/:run{[0-9]+}', (c) =>
    c.json(checkRunShape(world, runFor(c, 'checks:read'))),
  );

  routes.get('/repos/:owner/:repo/check-runs/:run{[0-9]+}/annotations', (c) => {
    const run = runFor(c, 'checks:read');
    return c.json(
      page(
        c,
        run.annotations.map((annotation) => annotationShape(world, run, annotation)),
      ),
    );
  });

  routes.get('/repos/:owner/:repo/commits/:ref{.+}/check-runs', async (c) => {
    const repo = repositoryFor(world, c, 'checks:read');
    const sha = await resolveCommit(repo.dir, c.req.param('ref'));
    if (!sha) return fail(422, `No commit found for SHA: ${c.req.param('ref')}`);
    const runs = filtered(world, repo, sha, c.req.query());
    return c.json({
      total_count: runs.length,
      check_runs: page(
        c,
        runs.map((run) => checkRunShape(world, run)),
      ),
    });
  });

  routes.post('/repos/:owner/:repo/check-suites', async (c) => {
    const repo = repositoryFor(world, c, 'checks:write');
    const headSha = text(await bodyOf(c), 'head_sha', 'CheckSuite');
    await requireCommit(repo, headSha);
    const isNew = ![...world.checkSuites.values()].some(
      (suite) => suite.repo === repo && suite.headSha === headSha && suite.otherApp === undefined,
    );
    const branch = [...repo.knownBranches].find(([, sha]) => sha === headSha)?.[0] ?? null;
    return c.json(await checkSuiteShape(world, suiteFor(world, repo, headSha, branch)), isNew ? 201 : 200);
  });

  return routes;
}

/**
 * Newest first. Without `filter=all` only the newest run of each name is listed, as on GitHub, so that a
 * second run of the same name hides the first.
 */
function filtered(world: World, repo: Repository, sha: string, query: Record<string, string>): CheckRun[] {
  const all = [...world.checkRuns.values()]
    .filter((run) => run.repo === repo && run.headSha === sha)
    .filter((run) => !query['check_name'] || run.name === query['check_name'])
    .reverse();
  const newest = all.filter(({ name }, at) => all.findIndex((other) => other.name === name) === at);
  if (query['app_id'] && Number(query['app_id']) !== world.app.id) return [];
  const kept = query['filter'] === 'all' ? all : newest;
  return kept.filter((run) => !query['status'] || run.status === query['status']);
}
