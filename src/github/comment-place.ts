import { once, type Client } from './client.ts';

export type Comment = { id: number; url: string };
export type FoundComment = Comment & { login: string | null; body: string };

/** Where comments of one kind are read and written. */
export type CommentPlace = {
  /** told apart from other places */
  name: string;
  list(): AsyncIterable<FoundComment>;
  read(id: number): Promise<string>;
  create(body: string): Promise<Comment>;
  edit(id: number, body: string): Promise<Comment>;
  remove(id: number): Promise<void>;
};

type Answer = { id: number | bigint; html_url: string };
const madeOf = ({ data }: { data: Answer }): Comment => ({ id: Number(data.id), url: data.html_url });

/** The comments of an issue or a pull request. */
export function issueComments({ octokit, at, write }: Client, issue: number): CommentPlace {
  return {
    name: `issue ${issue}`,
    async *list() {
      const pages = octokit.paginate.iterator('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
        ...at,
        issue_number: issue,
        per_page: 100,
      });
      for await (const { data } of pages) yield* data.map(found);
    },
    async read(id) {
      const one = { ...at, comment_id: id };
      return (await octokit.request('GET /repos/{owner}/{repo}/issues/comments/{comment_id}', one)).data.body ?? '';
    },
    create: async (body) =>
      madeOf(
        await write(() =>
          octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
            ...at,
            issue_number: issue,
            body,
            ...once,
          }),
        ),
      ),
    edit: async (id, body) =>
      madeOf(
        await write(() =>
          octokit.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', { ...at, comment_id: id, body }),
        ),
      ),
    async remove(id) {
      await write(() =>
        octokit.request('DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}', { ...at, comment_id: id }),
      );
    },
  };
}

/** The thread of a comment beside a line of a pull request. */
export function threadComments({ octokit, at, write }: Client, pull: number, thread: number): CommentPlace {
  return {
    name: `thread ${thread}`,
    async *list() {
      const pages = octokit.paginate.iterator('GET /repos/{owner}/{repo}/pulls/{pull_number}/comments', {
        ...at,
        pull_number: pull,
        per_page: 100,
      });
      for await (const { data } of pages) yield* data.map(found);
    },
    async read(id) {
      const one = { ...at, comment_id: id };
      return (await octokit.request('GET /repos/{owner}/{repo}/pulls/comments/{comment_id}', one)).data.body;
    },
    create: async (body) =>
      madeOf(
        await write(() =>
          octokit.request('POST /repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies', {
            ...at,
            pull_number: pull,
            comment_id: thread,
            body,
            ...once,
          }),
        ),
      ),
    edit: async (id, body) =>
      madeOf(
        await write(() =>
          octokit.request('PATCH /repos/{owner}/{repo}/pulls/comments/{comment_id}', { ...at, comment_id: id, body }),
        ),
      ),
    async remove(id) {
      await write(() =>
        octokit.request('DELETE /repos/{owner}/{repo}/pulls/comments/{comment_id}', { ...at, comment_id: id }),
      );
    },
  };
}

function found(comment: Answer & { user?: { login: string } | null; body?: string | undefined }): FoundComment {
  return { ...madeOf({ data: comment }), login: comment.user?.login ?? null, body: comment.body ?? '' };
}
