import { modeErrors, placeErrors } from '../domain/git-ops.ts';
import { mistakeIn, type Mistake } from '../domain/mistake.ts';
import { pullRequestTitle } from '../domain/naming.ts';
import type { Project } from '../domain/project.ts';
import { APPROVE_STEP } from '../domain/planned.ts';
import { preparePlan, standardPlan, type Plan } from '../domain/plan.ts';
import { REPO_CONFIG_PATH } from '../domain/repo-config.ts';
import { UserError } from '../errors.ts';
import { chooseBase, costLimit, openDemanded, type Opened, type RunDefaults, type RunDemand } from './demand.ts';
import type { Deps } from './deps.ts';
import { standIn, type Ground } from './ground.ts';

/** What is wanted: the usual steps for a task, or steps of one's own. */
export type Wanted =
  | {
      kind: 'standard';
      prompt: string;
      /** with the repository's own gates */
      quality: boolean;
      openPr: boolean;
      /** the one file that may change */
      filePath?: string | undefined;
    }
  /** `prompt`: what it is for, where that is more than its goal */
  | { kind: 'plan'; plan: Plan; prompt?: string };

/** A run as a program asked for it: on no issue. */
export type ApiDemand = {
  project: Project;
  requester: { login: string; id: number };
  wanted: Wanted;
  repeats?: RunDemand['repeats'];
  triggerKey: string;
};

/** The tools of plans of one's own. The others are given what only we may name: the steps of other runs, of other projects. */
const TOOLS = ['codegen', 'workspace:write', 'gate:*', 'git_ops', 'git_pr', 'git_push', 'manual:*'];

export type Preview = { plan: Plan; baseRef: string; baseSha: string; maxCostUsd: number };

type Bound = Preview & { ground: Ground };

/** What a demand would do now. Nothing is started. */
export async function previewRun(
  deps: Deps,
  defaults: RunDefaults,
  demand: Pick<ApiDemand, 'project' | 'wanted'>,
): Promise<Preview> {
  const { ground: _ground, ...preview } = await bind(deps, defaults, demand);
  return preview;
}

/** Opens the run, bound to the repository as it is now. UserError says what is in the way. */
export async function requestByApi(deps: Deps, defaults: RunDefaults, demand: ApiDemand): Promise<Opened> {
  const { requester, wanted, repeats, triggerKey } = demand;
  const { ground, plan, baseRef, baseSha } = await bind(deps, defaults, demand);
  return openDemanded(
    deps,
    defaults,
    { requester, issue: null, commentId: null, prompt: promptOf(wanted), options: {}, repeats, triggerKey },
    ground,
    { plan, baseRef, baseSha, source: { kind: 'api', issueUrl: '' } },
  );
}

/** What was asked, in words. */
export function promptOf(wanted: Wanted): string {
  return wanted.prompt ?? (wanted.kind === 'plan' ? wanted.plan.goal : '');
}

/** What is wrong with a plan of one's own; nothing with the usual ones. */
export function mistakesOf(wanted: Wanted): Mistake[] {
  if (wanted.kind === 'standard') return [];
  const prepared = preparePlan(wanted.plan, TOOLS);
  const questions = wanted.plan.steps.flatMap((step, at) =>
    step.tool === APPROVE_STEP.tool
      ? [mistakeIn(step, at, 'tool', `${step.tool} is asked about plans of ours; take another word, such as manual:go`)]
      : [],
  );
  const settled = wanted.plan.steps.flatMap((step, at) =>
    step.inputs?.['_at'] === undefined
      ? []
      : [mistakeIn(step, at, 'inputs._at', '_at: is for NOFX to say; leave it out')],
  );
  return [...questions, ...settled, ...(prepared.ok ? [] : prepared.mistakes)];
}

async function bind(
  deps: Deps,
  defaults: RunDefaults,
  { project, wanted, repeats }: Pick<ApiDemand, 'project' | 'wanted' | 'repeats'>,
): Promise<Bound> {
  const ground = await standIn(deps, project);
  const base = await chooseBase(deps, ground, {
    reuse: repeats?.reuse,
    next: `Correct \`base\` in \`${REPO_CONFIG_PATH}\`.`,
  });
  const plan = planOf(wanted, ground);
  checkPlace(plan, ground);
  checkMode(plan, ground);
  return { ground, plan, ...base, maxCostUsd: costLimit(defaults, ground.config) };
}

/** UserError for a pull request where there can be none, and for what else takes GitHub. */
function checkPlace({ steps }: Plan, { ref, project }: Ground): void {
  if (ref !== null) return;
  const elsewhere = placeErrors(steps);
  if (elsewhere.length > 0) {
    throw new UserError(`${project.name} is not on GitHub: ${elsewhere.join('; ')}.`, 'Leave these steps out.');
  }
  if (!steps.some(({ tool }) => tool === 'git_pr')) return;
  throw new UserError(
    `NOFX opens pull requests on GitHub only, and ${project.name} is not there.`,
    'Take `git_push` in the place of `git_pr`: it ends with the branch.',
  );
}

/** UserError with every operation that the repository's git mode does not allow. */
function checkMode({ steps }: Plan, { config: { gitMode } }: Ground): void {
  const wrong = modeErrors(steps, gitMode);
  if (wrong.length === 0) return;
  throw new UserError(
    `The plan goes beyond what its repository allows: ${wrong.join('; ')}.`,
    `Leave these steps out, or set \`git_mode\` in \`${REPO_CONFIG_PATH}\`.`,
    { kind: 'policy' },
  );
}

function planOf(wanted: Wanted, { ref, config }: Ground): Plan {
  if (wanted.kind === 'plan') return wanted.plan;
  const { prompt, quality, openPr, filePath } = wanted;
  return standardPlan({
    goal: pullRequestTitle({ prompt }),
    prompt,
    filename: filePath,
    gates: quality ? config.gates?.map((gate) => gate.name) : [],
    // Elsewhere the branch is what there is; `git_push` says so.
    openPr: openPr && ref !== null,
  });
}
