import { Hono, type Context } from 'hono';
import { actorOf, repositoryFor, type Need } from './access.ts';
import {
  addComment,
  addLabel,
  assign,
  checkBody,
  deleteComment,
  editComment,
  openIssue,
  removeLabel,
  setState,
} from './actions-issues.ts';
import type { Env } from './auth.ts';
import { bodyOf, fail, notFound, page, text } from './respond.ts';
import { commentShape, issueShape } from './shape-issues.ts';
import { labelShape } from './shape-repository.ts';
import type { Comment, Issue } from './types.ts';
import type { World } from './world.ts';

/** What is an issue to one is a pull request to another: either permission will do. */
export const ISSUES_READ: Need[] = ['issues:read', 'pull_requests:read'];
export const ISSUES_WRITE: Need[] = ['issues:write', 'pull_requests:write'];

export function issueFor(world: World, c: Context<Env>, needs: Need[]): Issue {
  const repo = repositoryFor(world, c, ...needs);
  return repo.issues.get(Number(c.req.param('issue'))) ?? notFound();
}

export function commentFor(world: World, c: Context<Env>, needs: Need[]): Comment {
  const repo = repositoryFor(world, c, ...needs);
  const comment = world.comments.get(Number(c.req.param('comment')));
  return comment && comment.issue.repo === repo ? comment : notFound();
}

/** Issues, their comments and labels. */
export function issueRoutes(world: World): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get('/repos/:owner/:repo/issues', (c) => {
    const repo = repositoryFor(world, c, ...ISSUES_READ);
    const { state = 'open', creator, direction = 'desc' } = c.req.query();
    const labels = (c.req.query('labels') ?? '').split(',').filter(Boolean);
    const kept = [...repo.issues.values()]
      .filter((issue) => state === 'all' || issue.state === state)
      .filter((issue) => !creator || issue.user.login === creator)
      .filter((issue) => labels.every((name) => issue.labels.some((label) => label.name === name)));
    return c.json(
      page(
        c,
        (direction === 'desc' ? kept.reverse() : kept).map((issue) => issueShape(world, issue)),
      ),
    );
  });

  routes.post('/repos/:owner/:repo/issues', async (c) => {
    const repo = repositoryFor(world, c, 'issues:write');
    const body = await bodyOf(c);
    const input = {
      repo,
      title: text(body, 'title', 'Issue'),
      body: text(body, 'body', 'Issue', false) || null,
      user: actorOf(world, c),
    };
    const { result } = openIssue(world, input);
    for (const name of (body['labels'] ?? []) as string[])
      void addLabel(world, result, name, actorOf(world, c)).delivered;
    return c.json(issueShape(world, result), 201);
  });

  routes.get('/repos/:owner/:repo/issues/:issue{[0-9]+}', (c) =>
    c.json(issueShape(world, issueFor(world, c, ISSUES_READ))),
  );

  routes.patch('/repos/:owner/:repo/issues/:issue{[0-9]+}', async (c) => {
    const issue = issueFor(world, c, ISSUES_WRITE);
    const body = await bodyOf(c);
    if (typeof body['body'] === 'string') {
      checkBody(body['body'], 'Issue');
      issue.body = body['body'];
    }
    if (typeof body['title'] === 'string') issue.title = body['title'];
    issue.updatedAt = world.now();
    if (body['state'] === 'open' || body['state'] === 'closed')
      setState(world, issue, body['state'], actorOf(world, c));
    return c.json(issueShape(world, issue));
  });

  routes.get('/repos/:owner/:repo/issues/:issue{[0-9]+}/comments', (c) => {
    const issue = issueFor(world, c, ISSUES_READ);
    const since = c.req.query('since');
    const kept = issue.comments.filter((comment) => !since || comment.updatedAt >= new Date(since));
    return c.json(
      page(
        c,
        kept.map((comment) => commentShape(world, comment)),
      ),
    );
  });

  routes.post('/repos/:owner/:repo/issues/:issue{[0-9]+}/comments', async (c) => {
    const issue = issueFor(world, c, ISSUES_WRITE);
    const body = text(await bodyOf(c), 'body', 'IssueComment');
    return c.json(commentShape(world, addComment(world, issue, actorOf(world, c), body).result), 201);
  });

  routes.get('/repos/:owner/:repo/issues/comments/:comment{[0-9]+}', (c) =>
    c.json(commentShape(world, commentFor(world, c, ISSUES_READ))),
  );

  routes.patch('/repos/:owner/:repo/issues/comments/:comment{[0-9]+}', async (c) => {
    const comment = commentFor(world, c, ISSUES_WRITE);
    const body = text(await bodyOf(c), 'body', 'IssueComment');
    return c.json(commentShape(world, editComment(world, comment, actorOf(world, c), body).result));
  });

  routes.delete('/repos/:owner/:repo/issues/comments/:comment{[0-9]+}', (c) => {
    deleteComment(world, commentFor(world, c, ISSUES_WRITE), actorOf(world, c));
    return c.body(null, 204);
  });

  routes.get('/repos/:owner/:repo/labels', (c) => {
    const repo = repositoryFor(world, c, ...ISSUES_READ);
    return c.json(
      page(
        c,
        [...repo.labels.values()].map((label) => labelShape(world, repo, label)),
      ),
    );
  });

  const labelsOf = (issue: Issue) => issue.labels.map((label) => labelShape(world, issue.repo, label));

  routes.get('/repos/:owner/:repo/issues/:issue{[0-9]+}/labels', (c) =>
    c.json(page(c, labelsOf(issueFor(world, c, ISSUES_READ)))),
  );

  routes.post('/repos/:owner/:repo/issues/:issue{[0-9]+}/labels', async (c) => {
    const issue = issueFor(world, c, ISSUES_WRITE);
    for (const label of ((await bodyOf(c))['labels'] ?? []) as (string | { name: string })[]) {
      addLabel(world, issue, typeof label === 'string' ? label : label.name, actorOf(world, c));
    }
    return c.json(labelsOf(issue));
  });

  routes.post('/repos/:owner/:repo/issues/:issue{[0-9]+}/assignees', async (c) => {
    const issue = issueFor(world, c, ISSUES_WRITE);
    for (const login of ((await bodyOf(c))['assignees'] ?? []) as string[]) assign(world, issue, login);
    return c.json(issueShape(world, issue), 201);
  });

  routes.delete('/repos/:owner/:repo/issues/:issue{[0-9]+}/labels/:name', (c) => {
    const issue = issueFor(world, c, ISSUES_WRITE);
    const { result } = removeLabel(world, issue, c.req.param('name'), actorOf(world, c));
    if (!result) fail(404, 'Label does not exist');
    return c.json(labelsOf(issue));
  });

  return routes;
}
