import type { Client } from './client.ts';
import { hasStatus } from './errors.ts';
import type { ReactionTarget } from './port.ts';

type Content = 'eyes' | 'rocket' | 'confused';

/** Adding the same reaction again changes nothing at GitHub, so it may be sent again. */
export async function react({ octokit, at, write }: Client, target: ReactionTarget, content: Content): Promise<void> {
  await write(
    () =>
      target.kind === 'comment'
        ? octokit.request('POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', {
            ...at,
            comment_id: target.id,
            content,
          })
        : octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/reactions', {
            ...at,
            issue_number: target.number,
            content,
          }),
    { first: true },
  );
}

export async function unreact(client: Client, target: ReactionTarget, content: Content): Promise<void> {
  const { octokit, at, write } = client;
  const own = await ownReaction(client, target, content);
  if (own === null) return;
  try {
    await write(() =>
      target.kind === 'comment'
        ? octokit.request('DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}', {
            ...at,
            comment_id: target.id,
            reaction_id: own,
          })
        : octokit.request('DELETE /repos/{owner}/{repo}/issues/{issue_number}/reactions/{reaction_id}', {
            ...at,
            issue_number: target.number,
            reaction_id: own,
          }),
    );
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

async function ownReaction(
  { octokit, at, slug }: Client,
  target: ReactionTarget,
  content: Content,
): Promise<number | null> {
  const login = `${await slug()}[bot]`;
  const pages =
    target.kind === 'comment'
      ? octokit.paginate.iterator('GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', {
          ...at,
          comment_id: target.id,
          content,
          per_page: 100,
        })
      : octokit.paginate.iterator('GET /repos/{owner}/{repo}/issues/{issue_number}/reactions', {
          ...at,
          issue_number: target.number,
          content,
          per_page: 100,
        });
  for await (const page of pages) {
    const own = page.data.find((reaction) => reaction.user?.login === login && reaction.content === content);
    if (own) return own.id;
  }
  return null;
}
