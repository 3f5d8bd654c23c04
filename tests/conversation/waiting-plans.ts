import type { ModelPlan } from '../../src/domain/model-plan.ts';
import { turn, type Script, type Turn } from '../../src/playground/model.ts';
import type { Harness, Repository, RepositoryOptions } from '../support/harness.ts';
import { MODEL_PLAN } from '../support/model-plan.ts';

/** A model that plans so, and writes a file for each step it is given. */
export function plans(plan: ModelPlan, { says = turn.json(plan) }: { says?: Turn } = {}): Script {
  return ({ structured, turn: at, prompt }) => {
    if (structured) return says;
    const name = /step-(\w+)/.exec(prompt)?.[1] ?? 'notes';
    return at === 0
      ? turn.tool('write', { file_path: `${name}.md`, content: `${name}\n` })
      : turn.text(`Adds ${name}.`);
  };
}

const [NOTES] = MODEL_PLAN.steps;
/** A step of such a plan. */
export const piece = (name: string, more: Partial<ModelPlan['steps'][number]> = {}) => ({
  ...NOTES!,
  name,
  title: `Write ${name}`,
  prompt: `Write step-${name}.`,
  ...more,
});

/** Who may write, maintain and read where a plan waits. */
export const people = { mona: 'write', maya: 'maintain', rita: 'read' } as const;

/** Makes a repository in which a plan was asked for, and waits. */
export const plannedIn =
  (harness: () => Harness) =>
  async (options: RepositoryOptions = {}, { by = 'mona', command = '/nofx plan add the notes' } = {}) => {
    const kit = await harness().repository({ model: plans(MODEL_PLAN), collaborators: people, ...options });
    const { issue } = await kit.ask(command, { by });
    return { kit, issue, hash: hashIn(kit, issue) };
  };
const hashIn = (kit: Repository, issue: number) => /\/nofx approve ([0-9a-f]{8})/.exec(kit.answer(issue))?.[1] ?? '';

/** The check of NOFX that was made last. */
export const check = (kit: Repository) => kit.checkRuns().findLast(({ name }) => name === 'NOFX')!;
/** Where the run is. */
export const status = async (kit: Repository) => (await kit.run()).status;
/** Ends the waiting. */
export const cancel = (kit: Repository, issue: number) => kit.ask('/nofx cancel', { issue });
