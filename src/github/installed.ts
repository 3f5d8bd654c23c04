import { z } from 'zod';
import type { Octokit } from './client.ts';
import type { InstalledRepository, RepositoryRef } from './port.ts';

const Repositories = z.array(z.object({ id: z.number().int(), full_name: z.string() })).default([]);

const Installed = z.object({
  installation: z.object({ id: z.number().int() }),
  /** of `installation.created` */
  repositories: Repositories,
  /** of `installation_repositories.added` */
  repositories_added: Repositories,
});

/** What a payload about an installation says: whose it is, and the repositories it has just come to. Null where it is none. */
export function installedOn(payload: unknown): { installationId: number; added: RepositoryRef[] } | null {
  const parsed = Installed.safeParse(payload);
  if (!parsed.success) return null;
  const { installation, repositories, repositories_added: added } = parsed.data;
  const refs = [...repositories, ...added].map(({ id, full_name: fullName }) => {
    const [owner = '', name = ''] = fullName.split('/');
    return { installationId: installation.id, repositoryId: id, owner, name };
  });
  return { installationId: installation.id, added: refs };
}

/** The installations of the app, those that are suspended left out. */
export async function listInstallations(app: Octokit): Promise<number[]> {
  const all = await app.paginate('GET /app/installations', { per_page: 100 });
  return all.filter((each) => !each.suspended_at).map(({ id }) => Number(id));
}

/** Every repository that an installation covers. */
export async function listInstalled(octokit: Octokit): Promise<InstalledRepository[]> {
  const all = await octokit.paginate('GET /installation/repositories', { per_page: 100 });
  return all.map((each) => ({
    repositoryId: Number(each.id),
    owner: each.owner.login,
    name: each.name,
    cloneUrl: each.clone_url,
    defaultBranch: each.default_branch,
  }));
}
