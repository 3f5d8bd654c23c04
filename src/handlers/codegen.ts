import { z } from 'zod';
import { budgetUsedUp, type BudgetLeft } from '../domain/budget.ts';
import type { Ground } from '../domain/change-set.ts';
import type { RunConfig } from '../domain/run-config.ts';
import type { Failure } from '../domain/run.ts';
import { checkGuardrails } from '../domain/guardrails.ts';
import type { CodeResult, CodeTask } from '../agent/port.ts';
import type { ContentChange, Scratch } from '../workspace/port.ts';
import { accessOf } from './access.ts';
import { askModel } from './ask-model.ts';
import { saveChangeSet, type Draft } from './change-set.ts';
import { areSame, gaveUp, readEarlier, type Earlier } from './mend.ts';
import { Repair } from '../domain/repair.ts';
import { chooseCommands, readConventions, readRules } from './base-branch.ts';
import { defineHandler, type StepContext, type StepOutcome } from './handler.ts';

const CodegenInputs = z.looseObject({
  prompt: z.string().min(1),
  /** single-file codegen: the one path the result may have */
  filename: z.string().optional(),
  model: z.string().optional(),
  /** an earlier codegen step: its change is the beginning of this one, and part of it */
  fromStep: z.string().optional(),
  /** files with marks of a merge conflict, none of which may be left */
  unresolved: z.array(z.string()).optional(),
  /** others go on from it: also where it changes nothing */
  goesOn: z.boolean().optional(),
  /** what a gate found in that change, which this one is to mend */
  repairs: Repair.optional(),
});
type CodegenInputs = z.infer<typeof CodegenInputs>;

/** What the step hands on; the change set itself is its artifact `change-set.json`. */
export const CodegenOutputs = z.object({
  files: z.array(
    z.object({
      status: z.enum(['added', 'modified', 'renamed', 'deleted']),
      path: z.string(),
      previousPath: z.string().optional(),
      sha256: z.string().optional(),
      size: z.number().optional(),
    }),
  ),
  summary: z.string(),
});
export type CodegenOutputs = z.infer<typeof CodegenOutputs>;

/** A model works in a scratch checkout; what it changed there becomes artifacts. */
export const codegen = defineHandler<CodegenInputs>({
  inputs: CodegenInputs,
  timeLimitMs: 30 * 60_000,
  secrets: ['model', 'github'],
  async run(context) {
    const { run, step, adapters } = context;
    // Read while the checkout is written.
    const reading = readBriefing(context);
    reading.catch(() => {});
    const earlier = await readEarlier(context, context.inputs);
    const scratch = await adapters.workspaces.openScratch(accessOf(context), {
      key: `${run.id}-${step.id}-${step.attempt}`,
      base: earlier?.ground.base ?? run.baseSha,
      ...(earlier && { changes: earlier.changes, protectedPaths: run.config.protectedPaths }),
    });
    try {
      const { result, left } = await generate(context, scratch, { ...(await reading), done: toldOf(earlier) });
      const outcome: StepOutcome =
        result.outcome === 'stopped'
          ? { status: 'failed', failure: stoppedEarly(result, left, run.config) }
          : await draftOf(context, scratch, { summary: result.summary, earlier });
      if (context.inputs.goesOn) return await goOn(context, outcome, earlier?.ground);
      return earlier?.found ? await endMending(context, outcome, earlier) : outcome;
    } catch (error) {
      const late = context.late();
      if (late === null) throw error;
      return { status: 'cancelled', outputs: await unfinished(late, scratch, earlier?.ground) };
    } finally {
      await scratch.dispose();
    }
  },
});

/** What the model has made of the checkout, as the step's change set. */
async function draftOf(
  context: StepContext<CodegenInputs>,
  scratch: Scratch,
  { summary, earlier }: { summary: string; earlier: Earlier | null },
): Promise<StepOutcome> {
  const changes = await scratch.readChanges();
  const failure = leftConflicts(context.inputs, changes);
  return failure
    ? { status: 'failed', failure }
    : collect(context, { changes, summary, ground: earlier?.ground }, earlier);
}

/** That the model left conflicts in files where it was to resolve them; null where it did not. */
function leftConflicts({ unresolved = [] }: CodegenInputs, changes: readonly ContentChange[]): Failure | null {
  const left = changes.filter(
    (change) =>
      change.status !== 'deleted' &&
      unresolved.includes(change.path) &&
      /^(?:<<<<<<<|>>>>>>>) /m.test(change.bytes.toString('utf8')),
  );
  if (left.length === 0) return null;
  return {
    kind: 'conflict',
    message: `The model left conflicts in ${left.map(({ path }) => `\`${path}\``).join(', ')}, so the pull request was left as it is.`,
    next: 'Comment `/nofx rebase` to try again, or merge the base branch into it yourself.',
  };
}

/** What there is of the change when the run is cancelled. */
async function unfinished(late: StepContext, scratch: Scratch, ground?: Ground): Promise<Record<string, unknown>> {
  const changes = await scratch.readChanges(late.signal);
  const summary = 'Unfinished: the run was cancelled in the middle of it.';
  const { outputs = {} } = await collect(late, { changes, summary, ground });
  return outputs;
}

/**
 * An attempt to mend that came to nothing ends the run with what the gate found; where a draft is wanted all the same, the
 * run goes on with the change as it was.
 */
async function endMending(context: StepContext, outcome: StepOutcome, earlier: Earlier): Promise<StepOutcome> {
  if (outcome.status === 'succeeded') return outcome;
  const failure = gaveUp(earlier, outcome.status === 'failed' ? outcome.failure : null);
  if (context.run.config.onGateFailure === 'block') return { status: 'failed', failure };
  context.log.info({ failure }, 'the change is handed in as it was');
  const { changes, told, ground } = earlier;
  const kept = await collect(context, { changes, summary: told.summary, ground });
  return kept.status === 'succeeded' ? { ...kept, status: 'neutral' } : kept;
}

/** What the model hears of what is done; nothing where that is nothing. */
function toldOf(earlier: Earlier | null): Earlier['told'] | null {
  return earlier && (earlier.changes.length > 0 || earlier.told.summary !== '') ? earlier.told : null;
}

type Briefing = Pick<CodeTask, 'testCommand' | 'setupCommand' | 'conventions'>;

/** What the base branch says about itself. */
async function readBriefing(context: StepContext): Promise<Briefing> {
  const { run, adapters } = context;
  const base = await readRules(context);
  const [commands, conventions] = await Promise.all([
    chooseCommands(run.config, base, adapters.registryHosts),
    readConventions(run.config, base),
  ]);
  const tested = commands.gates.map(({ command }) => command);
  return {
    testCommand: tested.length > 0 ? tested.join('\n') : null,
    setupCommand: commands.gates.some(({ setup }) => setup) ? (commands.setup?.command ?? null) : null,
    conventions,
  };
}

function generate(
  context: StepContext<CodegenInputs>,
  scratch: Scratch,
  briefing: Briefing & Pick<CodeTask, 'done'>,
): Promise<{ result: CodeResult; left: BudgetLeft }> {
  const { run, inputs, adapters } = context;
  return askModel(context, (agent, common) =>
    agent.writeCode({
      ...common,
      ...briefing,
      checkout: scratch.path,
      ignores: scratch.ignores,
      prompt: inputs.prompt,
      filename: inputs.filename,
      model: inputs.model ?? run.model,
      sandbox: adapters.sandbox,
    }),
  );
}

/** Stores the changes as the step's change set, if there are any and they are within the bounds of the repository. */
export async function collect(
  context: StepContext,
  draft: Draft,
  earlier: Earlier | null = null,
): Promise<StepOutcome> {
  const { changes, summary } = draft;
  // What was to be mended and is as it was, is not mended.
  const isNothing = earlier?.found ? areSame(changes, earlier.changes) : changes.length === 0;
  if (isNothing) return { status: 'stopped', outputs: { files: [], summary } satisfies CodegenOutputs };
  const refused = checkGuardrails(
    changes.map((change) => ({ lines: 0, ...change })),
    context.run.config,
  );
  if (refused) return { status: 'failed', failure: refused };
  const { files } = await saveChangeSet(context, draft);
  const outputs: CodegenOutputs = {
    files: files.map((file) => ({
      status: file.status,
      path: file.path,
      ...(file.status === 'renamed' ? { previousPath: file.previousPath } : {}),
      ...(file.status === 'deleted' ? {} : { sha256: file.content.sha256, size: file.content.size }),
    })),
    summary,
  };
  return { status: 'succeeded', outputs };
}

/** A piece that has changed nothing is no reason to leave out those after it. */
export async function goOn(context: StepContext, outcome: StepOutcome, ground?: Ground): Promise<StepOutcome> {
  if (outcome.status !== 'stopped') return outcome;
  const { summary } = CodegenOutputs.parse(outcome.outputs);
  await saveChangeSet(context, { changes: [], summary, ground });
  return { ...outcome, status: 'neutral' };
}

function stoppedEarly(
  { reason, message, next, cost }: Extract<CodeResult, { outcome: 'stopped' }>,
  left: BudgetLeft,
  { budgets }: RunConfig,
): Failure {
  if (reason !== 'budget') return { kind: 'model', message, next };
  return budgetUsedUp(left, { perRunUsd: budgets.perRunUsd, assumed: cost.usd === null });
}
