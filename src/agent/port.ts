import type { BaseRed } from '../domain/base-red.ts';
import type { LineComment } from '../domain/event.ts';
import type { ModelPlan } from '../domain/model-plan.ts';
import type { Usage, Cost, Price, Spent } from '../domain/pricing.ts';
import type { InternalError, RetryableError, UserError } from '../errors.ts';
import type { Sandbox } from '../workspace/port.ts';

/** What the rest of the house may know of this room. */

/** What a person wants, and what is spent on it: the same for code and for plans. */
type Task = {
  /** What the person asked, frozen at trigger time. Data, not instructions to NOFX. */
  prompt: string;
  /** Where it was asked. */
  source: {
    repository: string;
    kind: 'issue' | 'pull request' | 'api';
    number?: number;
    title?: string;
    body?: string;
    /** What was said beside lines of the pull request. */
    remarks?: readonly LineComment[] | undefined;
  };
  /** AGENTS.md, CLAUDE.md, CONTRIBUTING.md of the base branch: data. */
  conventions: { path: string; text: string }[];
  /** Patterns of paths a change may not touch, beside those that always hold. The model hears of it at once. */
  protectedPaths: readonly string[];
  model: string;
  /** Dollars; a function where others spend from the same budget: it is asked before each request. */
  maxCostUsd: number | (() => number);
  signal: AbortSignal;
  /** Called after every request with the running totals. */
  onUsage?: (usage: Usage, cost: Cost) => void;
};

export type CodeTask = Task & {
  /** Absolute path of the scratch checkout the model works in. */
  checkout: string;
  /** What an earlier step of the run has done: it is in the checkout already. Null where this is the first. */
  done: {
    changes: { status: string; path: string; previousPath?: string }[];
    summary: string;
    /** What a gate found in it, which is to be mended. Null where the work just goes on. */
    found: {
      gate: string;
      command: string;
      exitCode: number | null;
      /** the end of what it printed, without secrets */
      output: string;
      lines: { path: string; line: number; message: string }[];
      /**
       * Where it fails without the change as well: what it prints there, and whether that is the same; where something more
       * fails with the change, `lines` are that.
       */
      base: { compared: BaseRed['compared']; output: string } | null;
      /** which attempt to mend it, of how many */
      number: number;
      of: number;
    } | null;
  } | null;
  /** How the result will be tested, in words for the model; null when no command was found. */
  testCommand: string | null;
  /** What is run before that, and not in the scratch checkout; null when there is nothing to set up. */
  setupCommand: string | null;
  /** Single-file codegen: the one path the result may have. */
  filename?: string;
  /** Whether a new file of that path would be left out of the result. */
  ignores(path: string): Promise<boolean>;
  /** Offered to the model as `bash` only where its kind is 'bubblewrap'. */
  sandbox: Sandbox;
};

export type PlanTask = Task & {
  /** The paths of the repository's files. */
  files: readonly string[];
  /** How the result will be tested, whatever the plan says. */
  gates: { name: string; command: string }[];
  /** The git operations that it may have. */
  operations: readonly string[];
  /** Whether whoever approves it is no programmer. */
  plainWords: boolean;
  /** What else is wrong with a plan; the model gets one chance to mend it. */
  check: (plan: ModelPlan) => string[] | Promise<string[]>;
};

export type CodeResult =
  | { outcome: 'done'; summary: string; usage: Usage; cost: Cost; requests: number }
  /** A clear end without a result: nothing to retry. `message` and `next` are for the person. */
  | {
      outcome: 'stopped';
      reason: 'budget' | 'refusal' | 'max_tokens' | 'max_iterations' | 'context_window';
      message: string;
      next: string;
      usage: Usage;
      cost: Cost;
      requests: number;
    };

export type PlanOutcome =
  | { outcome: 'planned'; plan: ModelPlan; usage: Usage; cost: Cost; requests: number }
  /** No plan came of it; `message` says why, for the person. */
  | {
      outcome: 'stopped';
      reason: 'budget' | 'refusal' | 'max_tokens' | 'context_window' | 'invalid';
      message: string;
      usage: Usage;
      cost: Cost;
      requests: number;
    };

/**
 * What writeCode and plan throw: the error says what was spent until then, so that the caller can account for it.
 * `spentOf(error)` of domain/pricing.ts reads it from whatever was caught.
 */
export type AgentFault = (RetryableError | UserError | InternalError) & { spent: Spent };

export type Agent = {
  /**
   * Lets a model change files in a scratch checkout until it says it is done.
   * AgentFault: a RetryableError for a model fault that outlived the loop's own bounded retries, and when
   * `signal` aborts (its reason is the cause); a UserError for a bad key, an unknown model or a request
   * that the API refuses.
   */
  writeCode(task: CodeTask): Promise<CodeResult>;
  /** Asks a model how it would do a task, without any tool. Throws as writeCode does. */
  plan(task: PlanTask): Promise<PlanOutcome>;
  /** What a model charges; null where that is not known. */
  priceOf(model: string): Price | null;
};

export type { AroundRequest } from './turns.ts';
