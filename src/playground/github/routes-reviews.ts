import { Hono, type Context } from 'hono';
import { repositoryFor, type Need } from './access.ts';
import { checkBody } from './actions-issues.ts';
import { addReview } from './actions-reviews.ts';
import type { Env } from './auth.ts';
import { bodyOf, notFound, page, text } from './respond.ts';
import { pullFor } from './routes-pulls.ts';
import { reviewCommentShape, reviewShape } from './shape-pulls.ts';
import type { Pull, Review, ReviewComment } from './types.ts';
import type { World } from './world.ts';

export function reviewCommentFor(world: World, c: Context<Env>, needs: Need[]): ReviewComment {
  // Beside lines only the permission for pull requests will do.
  const need = needs.includes('pull_requests:write') ? 'pull_requests:write' : 'pull_requests:read';
  const repo = repositoryFor(world, c, need);
  const comment = world.reviewComments.get(Number(c.req.param('comment')));
  return comment?.pull.issue.repo === repo ? comment : notFound();
}

/** Reviews of pull requests, and the comments beside their lines. */
export function reviewRoutes(world: World): Hono<Env> {
  const routes = new Hono<Env>();
  const { bot } = world.app;

  function reviewFor(c: Context<Env>, pull: Pull): Review {
    return pull.reviews.find(({ id }) => id === Number(c.req.param('review'))) ?? notFound();
  }
  const commentsOf = (pull: Pull, review?: Review) =>
    [...world.reviewComments.values()]
      .filter((comment) => comment.pull === pull && (!review || comment.review === review))
      .map((comment) => reviewCommentShape(world, comment));

  routes.get('/repos/:owner/:repo/pulls/:pull{[0-9]+}/reviews', (c) => {
    const pull = pullFor(world, c, 'pull_requests:read');
    const shapes = pull.reviews.map((review) => reviewShape(world, pull, review));
    return c.json(page(c, shapes));
  });

  routes.get('/repos/:owner/:repo/pulls/:pull{[0-9]+}/reviews/:review{[0-9]+}', (c) => {
    const pull = pullFor(world, c, 'pull_requests:read');
    return c.json(reviewShape(world, pull, reviewFor(c, pull)));
  });

  routes.get('/repos/:owner/:repo/pulls/:pull{[0-9]+}/reviews/:review{[0-9]+}/comments', (c) => {
    const pull = pullFor(world, c, 'pull_requests:read');
    return c.json(page(c, commentsOf(pull, reviewFor(c, pull))));
  });

  routes.get('/repos/:owner/:repo/pulls/:pull{[0-9]+}/comments', (c) =>
    c.json(page(c, commentsOf(pullFor(world, c, 'pull_requests:read')))),
  );

  routes.post('/repos/:owner/:repo/pulls/:pull{[0-9]+}/comments/:comment{[0-9]+}/replies', async (c) => {
    const pull = pullFor(world, c, 'pull_requests:write');
    const parent = reviewCommentFor(world, c, ['pull_requests:write']);
    const body = text(await bodyOf(c), 'body', 'PullRequestReviewComment');
    const { path, line, id } = parent;
    const { result } = addReview(world, pull, bot, {
      state: 'COMMENTED',
      comments: [{ path, line, body, inReplyTo: id }],
    });
    return c.json(reviewCommentShape(world, result[0]!), 201);
  });

  routes.get('/repos/:owner/:repo/pulls/comments/:comment{[0-9]+}', (c) =>
    c.json(reviewCommentShape(world, reviewCommentFor(world, c, ['pull_requests:read']))),
  );

  routes.patch('/repos/:owner/:repo/pulls/comments/:comment{[0-9]+}', async (c) => {
    const comment = reviewCommentFor(world, c, ['pull_requests:write']);
    comment.body = text(await bodyOf(c), 'body', 'PullRequestReviewComment');
    checkBody(comment.body, 'PullRequestReviewComment');
    comment.updatedAt = world.now();
    return c.json(reviewCommentShape(world, comment));
  });

  routes.delete('/repos/:owner/:repo/pulls/comments/:comment{[0-9]+}', (c) => {
    world.reviewComments.delete(reviewCommentFor(world, c, ['pull_requests:write']).id);
    return c.body(null, 204);
  });

  return routes;
}
