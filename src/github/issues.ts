import { capBody } from './comments.ts';
import { once, type Client } from './client.ts';
import { findOrCreate } from './find-or-create.ts';

type Issue = { number: number; url: string };

/** Finds the app's own issue that begins with the marker, open or closed, or opens one. */
export function ensureIssue(
  client: Client,
  issue: { marker: string; title: string; body: string },
): Promise<Issue & { created: boolean }> {
  return client.alone(`issue ${issue.marker}`, async () => {
    const { value, created } = await findOrCreate({
      find: () => find(client, issue.marker),
      create: () => create(client, issue),
      settle: client.settle,
    });
    return { ...value, created };
  });
}

/** The names of the labels on an issue, and when it was last changed. */
export async function labels({ octokit, at }: Client, number: number): Promise<{ names: string[]; asOf: Date }> {
  const one = { ...at, issue_number: number };
  const { data } = await octokit.request('GET /repos/{owner}/{repo}/issues/{issue_number}', one);
  const names = data.labels.flatMap((label) => (typeof label === 'string' ? label : (label.name ?? [])));
  return { names, asOf: new Date(data.updated_at) };
}

async function find({ octokit, at, slug }: Client, marker: string): Promise<Issue | null> {
  const creator = `${await slug()}[bot]`;
  const pages = octokit.paginate.iterator('GET /repos/{owner}/{repo}/issues', {
    ...at,
    creator,
    state: 'all',
    direction: 'asc',
    per_page: 100,
  });
  for await (const page of pages) {
    const own = page.data.find((each) => each.user?.login === creator && each.body?.startsWith(marker));
    if (own) return { number: own.number, url: own.html_url };
  }
  return null;
}

async function create({ octokit, at, write }: Client, issue: { title: string; body: string }): Promise<Issue> {
  const { data } = await write(() =>
    octokit.request('POST /repos/{owner}/{repo}/issues', {
      ...at,
      title: issue.title,
      body: capBody(issue.body),
      ...once,
    }),
  );
  return { number: data.number, url: data.html_url };
}
