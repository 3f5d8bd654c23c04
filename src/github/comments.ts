import { firstBytes } from '../domain/text.ts';
import { InternalError } from '../errors.ts';
import type { Client } from './client.ts';
import { issueComments, threadComments, type Comment, type CommentPlace } from './comment-place.ts';
import { hasStatus } from './errors.ts';
import { findOrCreate } from './find-or-create.ts';

/** GitHub answers 422 past 65,536 characters. */
const BODY_LIMIT = 60_000;

type Wanted = { marker: string; body: string; known?: number; thread?: number | undefined };

/** Edits the comment that begins with the marker, or writes it. Other people's comments are never ours, whatever they hold. */
export async function upsertComment(client: Client, issue: number, comment: Wanted): Promise<Comment> {
  if (!/^<!-- nofx:[^\n]+ -->$/.test(comment.marker))
    throw new InternalError(`Not a comment marker: ${comment.marker}`);
  if (comment.thread === undefined) return upsertIn(client, issueComments(client, issue), comment);
  try {
    return await upsertIn(client, threadComments(client, issue, comment.thread), comment);
  } catch (error) {
    // Somebody took the thread away: then it is said below the pull request.
    if (hasStatus(error, 404)) return upsertIn(client, issueComments(client, issue), comment);
    throw error;
  }
}

function upsertIn(client: Client, place: CommentPlace, { marker, known, ...comment }: Wanted): Promise<Comment> {
  const body = capBody(comment.body.startsWith(marker) ? comment.body : `${marker}\n${comment.body}`);
  return client.alone(`comment ${place.name} ${marker}`, async () => {
    if (known !== undefined) {
      const edited = await edit(place, known, body);
      if (edited) return edited;
    }
    const { value, created } = await findOrCreate({
      find: () => find(client, place, marker),
      create: () => place.create(body),
      settle: client.settle,
    });
    // Somebody may take it away between the two: then the next progress report writes a new one.
    const kept = created ? await giveWay(client, place, marker, value) : value;
    return created && kept.id === value.id ? value : ((await edit(place, kept.id, body)) ?? kept);
  });
}

/**
 * A process that froze between looking and writing wakes up to a second comment. Whoever wrote one
 * looks once more, and the later comment gives way to the first.
 */
async function giveWay(client: Client, place: CommentPlace, marker: string, own: Comment): Promise<Comment> {
  const first = await find(client, place, marker);
  if (first === null || first.id >= own.id) return own;
  await place.remove(own.id).catch((error: unknown) => {
    if (!hasStatus(error, 404)) throw error;
  });
  return first;
}

async function find({ slug }: Client, place: CommentPlace, marker: string): Promise<Comment | null> {
  const login = `${await slug()}[bot]`;
  for await (const each of place.list()) {
    if (each.login === login && each.body.startsWith(marker)) return { id: each.id, url: each.url };
  }
  return null;
}

/** null when the comment is gone. */
async function edit(place: CommentPlace, id: number, body: string): Promise<Comment | null> {
  try {
    return await place.edit(id, body);
  } catch (error) {
    if (hasStatus(error, 404)) return null;
    throw error;
  }
}

/** The text of a comment as it stands; null when it is gone. `inThread`: it is one beside a line of a pull request. */
export async function commentBody(client: Client, id: number, inThread: boolean): Promise<string | null> {
  // Neither reads by the number of the issue.
  const place = inThread ? threadComments(client, 0, 0) : issueComments(client, 0);
  try {
    return await place.read(id);
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
