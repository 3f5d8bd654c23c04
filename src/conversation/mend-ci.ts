import { listTriggersOf, laneOfIssue } from '../db/runs.ts';
import { mendingOf } from '../domain/ci.ts';
import type { RunDefaults } from '../runs/demand.ts';
import type { Deps } from '../runs/deps.ts';
import { readConfig } from '../runs/read-config.ts';
import { ignored, type Answer, type Occasion } from './occasion.ts';
import { runsAbout } from './runs-about.ts';
import { start } from './start.ts';

/** Each head of a pull request has one run that mends it, however many checks fail on it. */
export function ciTrigger(projectId: string, number: number, headSha: string): string {
  return `ci:${projectId}#${number}:${headSha}`;
}

/**
 * Mends what the repository's own checks have found in a pull request of ours, where the repository wants that, as often
 * as it lets a change be mended. Nobody has asked for it, so where there is nothing to do nothing is said.
 */
export async function mendCi(
  deps: Deps,
  defaults: RunDefaults,
  occasion: Occasion,
  { app, headSha }: { app: string; headSha: string },
): Promise<Answer> {
  const { repository, projectId, issue, triggerKey } = occasion;
  const { github, redact } = deps.adapters;
  if (app === (await github.appIdentity()).slug) return ignored('a check of ours');
  const { onCiFailure, maxRepairs } = await readConfig(deps, repository);
  if (onCiFailure === 'off') return ignored('failing checks start nothing here');

  const made = await listTriggersOf(deps.db, laneOfIssue(projectId, issue.number), 'ci:');
  if (!made.includes(triggerKey)) {
    if (made.length >= maxRepairs) return ignored(`it was mended ${made.length} times already`);
    if ((await runsAbout(deps, occasion)).open.length > 0) return ignored('a run is at work on it');
  }
  const pull = await github.pullRequest(repository, issue.number);
  if (!pull?.open || pull.head.sha !== headSha) return ignored('not the head of an open pull request');
  const failed = await github.failedChecks(repository, headSha);
  if (failed.length === 0) return ignored('no check has failed there by now');
  const { prompt, remarks } = mendingOf(failed, redact);
  return start(deps, defaults, { ...occasion, remarks }, { prompt, options: {} });
}
