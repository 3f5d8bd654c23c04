import type { Client } from './client.ts';
import { hasStatus } from './errors.ts';
import type { ReactionTarget } from './port.ts';

type Content = 'eyes' | 'rocket' | 'confused';
type Found = { id: number; user: { login: string } | null; content: string };

/** The three requests on the reactions of one kind of thing. */
type Reactions = {
  list(content: Content): AsyncIterable<{ data: Found[] }>;
  add(content: Content): Promise<unknown>;
  remove(id: number): Promise<unknown>;
};

function reactionsOf({ octokit, at }: Client, target: ReactionTarget): Reactions {
  switch (target.kind) {
    case 'comment': {
      const on = { ...at, comment_id: target.id };
      const path = '/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions';
      return {
        list: (content) => octokit.paginate.iterator(`GET ${path}`, { ...on, content, per_page: 100 }),
        add: (content) => octokit.request(`POST ${path}`, { ...on, content }),
        remove: (id) => octokit.request(`DELETE ${path}/{reaction_id}`, { ...on, reaction_id: id }),
      };
    }
    case 'line comment': {
      const on = { ...at, comment_id: target.id };
      const path = '/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions';
      return {
        list: (content) => octokit.paginate.iterator(`GET ${path}`, { ...on, content, per_page: 100 }),
        add: (content) => octokit.request(`POST ${path}`, { ...on, content }),
        remove: (id) => octokit.request(`DELETE ${path}/{reaction_id}`, { ...on, reaction_id: id }),
      };
    }
    case 'issue': {
      const on = { ...at, issue_number: target.number };
      const path = '/repos/{owner}/{repo}/issues/{issue_number}/reactions';
      return {
        list: (content) => octokit.paginate.iterator(`GET ${path}`, { ...on, content, per_page: 100 }),
        add: (content) => octokit.request(`POST ${path}`, { ...on, content }),
        remove: (id) => octokit.request(`DELETE ${path}/{reaction_id}`, { ...on, reaction_id: id }),
      };
    }
  }
}

/** Adding the same reaction again changes nothing at GitHub, so it may be sent again. */
export async function react(client: Client, target: ReactionTarget, content: Content): Promise<void> {
  await client.write(() => reactionsOf(client, target).add(content), { first: true });
}

export async function unreact(client: Client, target: ReactionTarget, content: Content): Promise<void> {
  const reactions = reactionsOf(client, target);
  const own = await ownReaction(client, reactions, content);
  if (own === null) return;
  try {
    await client.write(() => reactions.remove(own));
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

async function ownReaction({ slug }: Client, reactions: Reactions, content: Content): Promise<number | null> {
  const login = `${await slug()}[bot]`;
  for await (const page of reactions.list(content)) {
    const own = page.data.find((reaction) => reaction.user?.login === login && reaction.content === content);
    if (own) return own.id;
  }
  return null;
}
