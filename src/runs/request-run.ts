import { pullRequestTitle } from '../domain/naming.ts';
import { standardPlan } from '../domain/plan.ts';
import { PLAN_STEP } from '../domain/planned.ts';
import { REPO_CONFIG_PATH } from '../domain/repo-config.ts';
import { chooseBase, findOpened, openDemanded, type Opened, type RunDefaults, type RunDemand } from './demand.ts';
import type { Deps } from './deps.ts';
import { standOn } from './ground.ts';

/**
 * Opens the run a person asked for on an issue: looks up the repository as it is now, its configuration
 * and where its base branch stands, and binds the run to all three. UserError says what is in the way.
 */
export async function requestRun(deps: Deps, defaults: RunDefaults, demand: RunDemand): Promise<Opened> {
  const before = await findOpened(deps, demand);
  if (before) return before;
  const ground = await standOn(deps, demand);
  const { htmlUrl, config } = ground;
  const reuse = demand.repeats?.reuse ?? null;
  const base = await chooseBase(deps, ground, {
    reuse,
    next:
      demand.options.base === undefined
        ? `Push a first commit, or correct \`base\` in \`${REPO_CONFIG_PATH}\`.`
        : 'Correct what follows `--base`, and comment the command again.',
  });
  const goal = pullRequestTitle({ issueTitle: demand.issue.title, prompt: demand.prompt });
  const planFirst = reuse === null && (demand.planFirst ?? config.planFirst);
  return openDemanded(deps, defaults, demand, ground, {
    plan: planFirst
      ? { goal, steps: [PLAN_STEP] }
      : standardPlan({
          goal,
          prompt: demand.prompt,
          gates: config.gates?.map((gate) => gate.name),
          openPr: demand.options.openPr,
          reuse: reuse?.stepId,
        }),
    source: { kind: 'issue', issueUrl: `${htmlUrl}/issues/${demand.issue.number}` },
    ...base,
  });
}
