import type { Client } from './client.ts';
import type { GitHub } from './port.ts';

type Comparison = Awaited<ReturnType<GitHub['compare']>>;

/** https://docs.github.com/en/rest/commits/commits#compare-two-commits: of more than 250 commits it lists the first pages. */
export async function compare({ octokit, at, slug }: Client, base: string, head: string): Promise<Comparison> {
  const { data } = await octokit.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
    ...at,
    basehead: `${base}...${head}`,
    per_page: 100,
  });
  const own = `${await slug()}[bot]`;
  return {
    behind: data.behind_by,
    ancestor: data.merge_base_commit.sha,
    baseSha: data.base_commit.sha,
    authors: data.commits.map(({ author, commit }) => {
      const login = author && 'login' in author ? author.login : null;
      return { ours: login === own || commit.author?.name === own, name: login ?? commit.author?.name ?? 'somebody' };
    }),
  };
}
