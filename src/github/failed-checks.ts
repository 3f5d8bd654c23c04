import type { Client } from './client.ts';
import type { FailedCheck } from './port.ts';

/** How many checks are read, and how many of each one's annotations: a page each. */
const MOST_CHECKS = 10;
const MOST_ANNOTATIONS = 30;

/** What others' checks have found wrong with a commit, as each of them ran last. */
export async function failedChecks({ octokit, at, slug }: Client, sha: string): Promise<FailedCheck[]> {
  const own = await slug();
  const { data } = await octokit.request('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
    ...at,
    ref: sha,
    status: 'completed',
    per_page: 100,
  });
  const failed = data.check_runs.filter((run) => run.conclusion === 'failure' && run.app?.slug !== own);
  const found: FailedCheck[] = [];
  for (const { id, name, output } of failed.slice(0, MOST_CHECKS)) {
    const { data: annotations } = await octokit.request(
      'GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations',
      { ...at, check_run_id: Number(id), per_page: MOST_ANNOTATIONS },
    );
    found.push({
      name,
      said: [output.title, output.summary, output.text].filter(Boolean).join('\n\n'),
      annotations: annotations.map(({ path, start_line: line, message }) => ({ path, line, message: message ?? '' })),
    });
  }
  return found;
}
