import { actorOf } from './access.ts';
import { Hono, type Context } from 'hono';
import type { Need } from './access.ts';
import { addReaction } from './actions-issues.ts';
import type { Env } from './auth.ts';
import { bodyOf, fail, invalid, notFound, page } from './respond.ts';
import { reviewCommentFor } from './routes-reviews.ts';
import { commentFor, issueFor, ISSUES_READ, ISSUES_WRITE } from './routes-issues.ts';
import { reactionShape } from './shape-issues.ts';
import type { Reaction, ReactionContent } from './types.ts';
import type { World } from './world.ts';

const CONTENTS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'];

type Find = (world: World, c: Context<Env>, needs: Need[]) => { reactions: Reaction[] };

/** Reactions on issues, and on comments of both kinds: the same three requests on each. */
export function reactionRoutes(world: World): Hono<Env> {
  const routes = new Hono<Env>();
  const targets: [string, Find][] = [
    ['/repos/:owner/:repo/issues/:issue{[0-9]+}/reactions', issueFor],
    ['/repos/:owner/:repo/issues/comments/:comment{[0-9]+}/reactions', commentFor],
    ['/repos/:owner/:repo/pulls/comments/:comment{[0-9]+}/reactions', reviewCommentFor],
  ];

  for (const [path, find] of targets) {
    routes.get(path, (c) => {
      const { reactions } = find(world, c, ISSUES_READ);
      const content = c.req.query('content');
      const kept = reactions.filter((reaction) => !content || reaction.content === content);
      return c.json(
        page(
          c,
          kept.map((reaction) => reactionShape(world, reaction)),
        ),
      );
    });

    routes.post(path, async (c) => {
      const target = find(world, c, ISSUES_WRITE);
      const content = (await bodyOf(c))['content'];
      if (!CONTENTS.includes(String(content))) invalid({ resource: 'Reaction', field: 'content', code: 'invalid' });
      const { reaction, created } = addReaction(world, target, actorOf(world, c), content as ReactionContent);
      return c.json(reactionShape(world, reaction), created ? 201 : 200);
    });

    routes.delete(`${path}/:reaction{[0-9]+}`, (c) => {
      const target = find(world, c, ISSUES_WRITE);
      const reaction = target.reactions.find(({ id }) => id === Number(c.req.param('reaction'))) ?? notFound();
      if (reaction.user.id !== actorOf(world, c).id) fail(403, 'Resource not accessible by integration');
      target.reactions = target.reactions.filter((one) => one !== reaction);
      return c.body(null, 204);
    });
  }

  return routes;
}
