import type { Client } from './client.ts';
import { hasStatus, isRequestError, rateLimit } from './errors.ts';

/**
 * Whether somebody is in a team (`org/team`), those of its child teams included; null where GitHub does not say, because
 * the app may not read the members of that organization.
 * https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
 */
export async function isTeamMember({ octokit }: Client, team: string, login: string): Promise<boolean | null> {
  const [org = '', slug = ''] = team.split('/');
  try {
    const { data } = await octokit.request('GET /orgs/{org}/teams/{team_slug}/memberships/{username}', {
      org,
      team_slug: slug,
      username: login,
    });
    return data.state === 'active';
  } catch (error) {
    if (hasStatus(error, 404)) return false;
    if (hasStatus(error, 403) && isRequestError(error) && rateLimit(error, Date.now()) === null) return null;
    throw error;
  }
}
