import { z } from 'zod';
import type { RepositoryRef } from './port.ts';

const Repositories = z.array(z.object({ id: z.number().int(), full_name: z.string() })).default([]);

const Installed = z.object({
  installation: z.object({ id: z.number().int() }),
  /** of `installation.created` */
  repositories: Repositories,
  /** of `installation_repositories.added` */
  repositories_added: Repositories,
});

/** The repositories an app was just installed on; none where the payload is not as GitHub describes it. */
export function installedOn(payload: unknown): RepositoryRef[] {
  const parsed = Installed.safeParse(payload);
  if (!parsed.success) return [];
  const { installation, repositories, repositories_added: added } = parsed.data;
  return [...repositories, ...added].map(({ id, full_name: fullName }) => {
    const [owner = '', name = ''] = fullName.split('/');
    return { installationId: installation.id, repositoryId: id, owner, name };
  });
}
