import { firstBytes } from '../domain/text.ts';
import { InternalError } from '../errors.ts';
import { once, type Client } from './client.ts';
import { hasStatus } from './errors.ts';
import { findOrCreate } from './find-or-create.ts';

/** GitHub answers 422 past 65,536 characters. */
const BODY_LIMIT = 60_000;

type Comment = { id: number; url: string };

/** Edits the comment that begins with the marker, or writes it. Other people's comments are never ours, whatever they hold. */
export function upsertComment(
  client: Client,
  issue: number,
  comment: { marker: string; body: string; known?: number },
): Promise<Comment> {
  if (!/^<!-- nofx:[^\n]+ -->$/.test(comment.marker))
    throw new InternalError(`Not a comment marker: ${comment.marker}`);
  const body = capBody(comment.body.startsWith(comment.marker) ? comment.body : `${comment.marker}\n${comment.body}`);

  return client.alone(`comment ${issue} ${comment.marker}`, async () => {
    if (comment.known !== undefined) {
      const edited = await edit(client, comment.known, body);
      if (edited) return edited;
    }
    const { value, created } = await findOrCreate({
      find: () => find(client, issue, comment.marker),
      create: () => create(client, issue, body),
      settle: client.settle,
    });
    // Somebody may take it away between the two: then the next progress report writes a new one.
    const kept = created ? await giveWay(client, issue, comment.marker, value) : value;
    return created && kept.id === value.id ? value : ((await edit(client, kept.id, body)) ?? kept);
  });
}

/**
 * A process that froze between looking and writing wakes up to a second comment. Whoever wrote one
 * looks once more, and the later comment gives way to the first.
 */
async function giveWay(client: Client, issue: number, marker: string, own: Comment): Promise<Comment> {
  const first = await find(client, issue, marker);
  if (first === null || first.id >= own.id) return own;
  const { octokit, at, write } = client;
  await write(() =>
    octokit.request('DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}', { ...at, comment_id: own.id }),
  ).catch((error: unknown) => {
    if (!hasStatus(error, 404)) throw error;
  });
  return first;
}

async function find({ octokit, at, slug }: Client, issue: number, marker: string): Promise<Comment | null> {
  const app = await slug();
  const pages = octokit.paginate.iterator('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
    ...at,
    issue_number: issue,
    per_page: 100,
  });
  for await (const page of pages) {
    const own = page.data.find((each) => each.user?.login === `${app}[bot]` && each.body?.startsWith(marker));
    if (own) return { id: Number(own.id), url: own.html_url };
  }
  return null;
}

async function create({ octokit, at, write }: Client, issue: number, body: string): Promise<Comment> {
  const { data } = await write(() =>
    octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...at,
      issue_number: issue,
      body,
      ...once,
    }),
  );
  return { id: Number(data.id), url: data.html_url };
}

/** null when the comment is gone. */
async function edit({ octokit, at, write }: Client, id: number, body: string): Promise<Comment | null> {
  try {
    const { data } = await write(() =>
      octokit.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', { ...at, comment_id: id, body }),
    );
    return { id: Number(data.id), url: data.html_url };
  } catch (error) {
    if (hasStatus(error, 404)) return null;
    throw error;
  }
}

/** The text of a comment as it stands; null when it is gone. */
export async function commentBody({ octokit, at }: Client, id: number): Promise<string | null> {
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/issues/comments/{comment_id}', {
      ...at,
      comment_id: id,
    });
    return data.body ?? '';
  } catch (error) {
    if (hasStatus(error, 404)) return null;
    throw error;
  }
}

/** The last net: domain/report.ts keeps to the limit by itself. */
export function capBody(body: string): string {
  const note = '\n\n_Shortened: GitHub limits the length of this text._';
  return Buffer.byteLength(body) <= BODY_LIMIT ? body : firstBytes(body, BODY_LIMIT - Buffer.byteLength(note)) + note;
}
