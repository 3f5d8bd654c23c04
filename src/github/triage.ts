import type { Client } from './client.ts';
import { hasStatus } from './errors.ts';
import type { GitHub } from './port.ts';

type Wanted = Parameters<GitHub['triage']>[1];

/**
 * Labels an issue or a pull request, assigns it, asks for reviews. What GitHub refuses (a person who may not see the
 * repository, a team that the app may not read) is left out and told; the rest is done. Doing it twice is doing it once.
 */
export async function triage(client: Client, { number, labels, assignees, reviewers }: Wanted): Promise<string[]> {
  if (labels.length > 0) await addLabels(client, number, labels);
  return [...(await assign(client, number, assignees)), ...(await requestReviews(client, number, reviewers))];
}

async function addLabels({ octokit, at, write }: Client, number: number, labels: string[]): Promise<void> {
  await write(() =>
    octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/labels', { ...at, issue_number: number, labels }),
  );
}

/** GitHub leaves out without a word whoever may not be assigned; the answer tells who was. */
async function assign({ octokit, at, write }: Client, number: number, assignees: string[]): Promise<string[]> {
  if (assignees.length === 0) return [];
  const { data } = await write(() =>
    octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/assignees', {
      ...at,
      issue_number: number,
      assignees,
    }),
  );
  const assigned = (data.assignees ?? []).map(({ login }) => login.toLowerCase());
  const missing = assignees.filter((login) => !assigned.includes(login.toLowerCase()));
  return missing.map((login) => `${login} could not be assigned: they have no access to the repository.`);
}

/** All at once; where one of them is refused GitHub asks nobody, so then one by one. */
async function requestReviews(client: Client, number: number, reviewers: string[]): Promise<string[]> {
  if (reviewers.length === 0) return [];
  if (await ask(client, number, reviewers)) return [];
  const problems: string[] = [];
  for (const reviewer of reviewers) {
    if (reviewers.length > 1 && (await ask(client, number, [reviewer]))) continue;
    const why = reviewer.includes('/')
      ? 'the team has no access to the repository, or the app lacks the permission to read members'
      : 'they have no access to the repository';
    problems.push(`${reviewer} could not be asked for a review: ${why}.`);
  }
  return problems;
}

/** False where GitHub refuses one of them. */
async function ask({ octokit, at, write }: Client, number: number, all: string[]): Promise<boolean> {
  const teams = all.filter((reviewer) => reviewer.includes('/'));
  try {
    await write(() =>
      octokit.request('POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers', {
        ...at,
        pull_number: number,
        reviewers: all.filter((reviewer) => !reviewer.includes('/')),
        // A team is one of the owner's: the rest of its name is enough.
        team_reviewers: teams.map((team) => team.slice(team.indexOf('/') + 1)),
      }),
    );
    return true;
  } catch (error) {
    if (hasStatus(error, 422)) return false;
    throw error;
  }
}
