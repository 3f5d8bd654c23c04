import { Hono, type Context } from 'hono';
import { actorOf, permits, repositoryFor, requireToken, type Need } from './access.ts';
import { checkBody, setState } from './actions-issues.ts';
import { openPull, pullsOf, requestReviews, updateBranch } from './actions-pulls.ts';
import type { Env } from './auth.ts';
import { commitsBetween, filesBetween } from './git-diff.ts';
import { bodyOf, notFound, page, text } from './respond.ts';
import { commitShape, fileShape } from './shape-git.ts';
import { fullPullShape, pullShape } from './shape-pulls.ts';
import type { Pull } from './types.ts';
import type { World } from './world.ts';

export function pullFor(world: World, c: Context<Env>, need: Need): Pull {
  const repo = repositoryFor(world, c, need);
  return repo.issues.get(Number(c.req.param('pull')))?.pull ?? notFound();
}

/** Pull requests between branches of one repository. */
export function pullRoutes(world: World): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get('/repos/:owner/:repo/pulls', (c) => {
    const repo = repositoryFor(world, c, 'pull_requests:read');
    const { state = 'open', head, base, direction = 'desc' } = c.req.query();
    const kept = pullsOf(repo)
      .filter((pull) => state === 'all' || pull.issue.state === state)
      // A head without its owner is ignored, as on GitHub: then all are listed.
      .filter((pull) => !head?.includes(':') || head === `${repo.owner.login}:${pull.head.ref}`)
      .filter((pull) => !base || pull.base.ref === base);
    if (direction === 'desc') kept.reverse();
    return c.json(
      page(
        c,
        kept.map((pull) => pullShape(world, pull)),
      ),
    );
  });

  routes.post('/repos/:owner/:repo/pulls', async (c) => {
    const repo = repositoryFor(world, c, 'pull_requests:write');
    const body = await bodyOf(c);
    const input = {
      head: text(body, 'head', 'PullRequest'),
      base: text(body, 'base', 'PullRequest'),
      title: text(body, 'title', 'PullRequest'),
      body: text(body, 'body', 'PullRequest', false) || null,
      draft: body['draft'] === true,
      maintainerCanModify: body['maintainer_can_modify'] !== false,
    };
    return c.json(await fullPullShape(world, await openPull(world, repo, actorOf(world, c), input)), 201);
  });

  routes.get('/repos/:owner/:repo/pulls/:pull{[0-9]+}', async (c) =>
    c.json(await fullPullShape(world, pullFor(world, c, 'pull_requests:read'))),
  );

  routes.patch('/repos/:owner/:repo/pulls/:pull{[0-9]+}', async (c) => {
    const pull = pullFor(world, c, 'pull_requests:write');
    const body = await bodyOf(c);
    if (typeof body['body'] === 'string') {
      checkBody(body['body'], 'PullRequest');
      pull.issue.body = body['body'];
    }
    if (typeof body['title'] === 'string') pull.issue.title = body['title'];
    pull.issue.updatedAt = world.now();
    if (body['state'] === 'open' || body['state'] === 'closed')
      setState(world, pull.issue, body['state'], actorOf(world, c), null);
    return c.json(await fullPullShape(world, pull));
  });

  routes.get('/repos/:owner/:repo/pulls/:pull{[0-9]+}/files', async (c) => {
    const { issue, base, head } = pullFor(world, c, 'pull_requests:read');
    const files = await filesBetween(issue.repo.dir, base.sha, head.sha);
    return c.json(
      page(
        c,
        files.map((file) => fileShape(world, issue.repo, head.sha, file)),
      ),
    );
  });

  routes.get('/repos/:owner/:repo/pulls/:pull{[0-9]+}/commits', async (c) => {
    const { issue, base, head } = pullFor(world, c, 'pull_requests:read');
    const shas = page(c, await commitsBetween(issue.repo.dir, base.sha, head.sha));
    return c.json(await Promise.all(shas.map((sha) => commitShape(world, issue.repo, sha))));
  });

  routes.post('/repos/:owner/:repo/pulls/:pull{[0-9]+}/requested_reviewers', async (c) => {
    const pull = pullFor(world, c, 'pull_requests:write');
    const body = await bodyOf(c);
    requestReviews(world, pull, actorOf(world, c), {
      reviewers: (body['reviewers'] ?? []) as string[],
      teams: (body['team_reviewers'] ?? []) as string[],
      mayReadTeams: c.get('auth').kind === 'user' || permits(requireToken(c), 'members:read'),
    });
    return c.json(pullShape(world, pull), 201);
  });

  routes.put('/repos/:owner/:repo/pulls/:pull{[0-9]+}/update-branch', async (c) => {
    const pull = pullFor(world, c, 'pull_requests:write');
    await updateBranch(world, pull, text(await bodyOf(c), 'expected_head_sha', 'PullRequest', false) || null);
    return c.json({ message: 'Updating pull request branch.', url: pullShape(world, pull).url }, 202);
  });

  return routes;
}
