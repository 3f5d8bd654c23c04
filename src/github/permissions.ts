import { ROLES } from '../domain/role.ts';
import { hasStatus } from './errors.ts';
import type { Client } from './client.ts';
import type { Permission } from './port.ts';

/**
 * What somebody may do in the repository, inherited and team roles included. With `id`, nothing where the login has become
 * somebody else's.
 * https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
 */
export async function permission({ octokit, at }: Client, login: string, id?: number): Promise<Permission> {
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/collaborators/{username}/permission', {
      ...at,
      username: login,
    });
    if (id !== undefined && data.user?.id !== id) return 'none';
    // `role_name` tells triage from read and maintain from write, but may also be an organization's own
    // role; `permission` is then the base it was built on.
    return asRole(data.role_name) ?? asRole(data.permission) ?? 'none';
  } catch (error) {
    if (hasStatus(error, 404)) return 'none';
    throw error;
  }
}

function asRole(name: string | undefined): Permission | undefined {
  return ROLES.find((role) => role === name);
}
