import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Agent } from '../agent/port.ts';
import type { ArtifactStore } from '../artifacts/port.ts';
import type { BudgetLeft } from '../domain/budget.ts';
import type { Figures } from '../domain/estimate.ts';
import type { StoredFile } from '../domain/change-set.ts';
import type { PlanStep } from '../domain/plan.ts';
import type { TokenOf } from '../domain/personal-token.ts';
import type { SecretName } from '../domain/policy.ts';
import type { Cost, Usage } from '../domain/pricing.ts';
import type { GitMode, Project } from '../domain/project.ts';
import type { RegistryHosts } from '../domain/registries.ts';
import type { RunView } from '../domain/report.ts';
import type { Failure } from '../domain/run.ts';
import type { RunConfig } from '../domain/run-config.ts';
import type { RunSource } from '../domain/source.ts';
import type { GitHub } from '../github/port.ts';
import type { Sandbox, Workspaces } from '../workspace/port.ts';

/** The outside world, handed in by the composition root. */
export type Adapters = {
  agent: Agent | null;
  workspaces: Workspaces;
  sandbox: Sandbox;
  artifacts: ArtifactStore;
  github: GitHub;
  /** the personal tokens of projects that name one */
  tokenOf: TokenOf;
  redact: (text: string) => string;
  /** hosts of the package registries this server uses, for set-up; the public ones' where absent */
  registryHosts?: RegistryHosts;
  /** the GitHub host: for noreply addresses, and to know it by in those of repositories */
  host: string;
  /** plain http is taken from repositories: GitHub is a stand-in on this machine */
  allowHttp: boolean;
};

/** What a handler may know of its run. */
export type RunFacts = {
  id: string;
  goal: string;
  source: RunSource;
  config: RunConfig;
  model: string;
  gitMode: GitMode;
  baseRef: string;
  baseSha: string;
  /** the commit that says how the work is checked and written: one of people's, whatever the run starts from */
  rulesSha: string;
  branch: string;
  createdAt: Date;
};

export type StepContext<Inputs = unknown> = {
  run: RunFacts;
  project: Project;
  step: { id: string; name: string; tool: string; attempt: number };
  inputs: Inputs;
  adapters: Adapters;
  log: Logger;
  /** aborted when the step's time is up, its lease is lost, or the process stops */
  signal: AbortSignal;
  /** The outputs of a step that succeeded, or of the newest that stands in for it; UserError when the plan has no such step before this one. */
  outputsOf(stepName: string): Promise<{ stepId: string; outputs: Record<string, unknown> }>;
  /** A step of the run as it ended, however it did. InternalError when there is none of this name. */
  stepNamed(name: string): Promise<{ tool: string; failure: Failure | null; outputs: Record<string, unknown> }>;
  /** Stores bytes as the step's artifact of that name, in place of what an earlier attempt has stored. */
  saveArtifact(name: string, bytes: Buffer, contentType: string): Promise<StoredFile>;
  /** Reads a step's artifact and verifies its hash. */
  readArtifact(stepId: string, name: string): Promise<Buffer>;
  /** Does something to the outside world once: `perform` must find what it did before it does it again. */
  effect<T extends Record<string, unknown>>(key: string, perform: () => Promise<T>): Promise<T>;
  /** The same for what is still to be kept of a cancelled run: its signal gives half a minute. Null where it was not cancelled. */
  late(): StepContext<Inputs> | null;
  /** Throws when another worker has taken the step over. Asked before each effect. */
  assertFence(): Promise<void>;
  /** Adds to what the run has spent; seen at once, and kept should this process die. Gives what is left. */
  spend(usage: Usage, cost: Cost): Promise<BudgetLeft>;
  /** What may still be spent. */
  budget(): Promise<BudgetLeft>;
  /** What the last runs of the project that succeeded have cost and taken. */
  figures(): Promise<Figures[]>;
  /** Shows what the step has come to while it runs; `soFar` is asked for only now and then. */
  tell(soFar: () => Record<string, unknown>): Promise<void>;
  /** The commits that the run has made so far, by its own books. */
  commits(): Promise<string[]>;
  /** The commit that carries the run's check until the work is pushed; made when it is not there yet. */
  marker(): Promise<{ sha: string }>;
  /** The run as people see it now. */
  view(): Promise<RunView>;
};

/** How a step ended. A fault that time may mend is thrown instead (RetryableError). */
export type StepOutcome =
  | {
      status: 'succeeded' | 'neutral';
      outputs: Record<string, unknown>;
      /** the pull request the run came to */
      pullRequest?: { number: number; url: string };
      /** steps that the run gets beside those it has; checked with `preparePlan` */
      adds?: PlanStep[];
    }
  /** Nothing wrong, and no point in going on: the run ends neutral. */
  | { status: 'stopped'; outputs: Record<string, unknown> }
  /** Somebody cancelled the run; the outputs are what was done until then. */
  | { status: 'cancelled'; outputs: Record<string, unknown> }
  | {
      status: 'failed';
      failure: Failure;
      outputs?: Record<string, unknown>;
      /** a verdict about the change, which the model may mend */
      mendable?: boolean;
    };

export type Handler<Inputs = unknown> = {
  inputs: z.ZodType<Inputs>;
  /** milliseconds until the step is aborted */
  timeLimitMs: number;
  /** secrets it uses; the step's policy may withhold them */
  secrets: readonly SecretName[];
  run(context: StepContext<Inputs>): Promise<StepOutcome>;
};

/** Ties a handler's inputs to its schema, then forgets their type, so that all fit in one registry. */
export function defineHandler<Inputs>(handler: Handler<Inputs>): Handler {
  return handler as unknown as Handler;
}
