import type { GitOp } from './git-ops.ts';
import type { Kept } from './kept.ts';
import type { Annotation } from './annotations/annotations.ts';
import type { BaseRed } from './base-red.ts';
import type { Estimate } from './estimate.ts';
import type { Cost, Usage } from './pricing.ts';
import type { GitMode } from './project.ts';
import type { RunConfig } from './run-config.ts';
import type { Failure } from './run.ts';

/** A run as people are told about it: plain data, read from the database, already redacted. */
export type RunView = {
  /** `run_…` */
  id: string;
  status: 'queued' | 'running' | 'waiting' | EndStatus;
  /** What was asked, in the person's own words. */
  goal: string;
  requester: { login: string };
  startedAt: Date | null;
  endedAt: Date | null;
  branch: string | null;
  /** The branch the work is based on and goes to. */
  base: string;
  steps: StepView[];
  /** How often it has gone on after it waited for a person. */
  round?: number;
  /** What it is that a person is asked now; null where nobody is. */
  question?: Question | null;
  /** The plan that was made before anything else; null where there is none. */
  plan?: PlanView | null;
  /** Who cancelled it. */
  cancelledBy?: string | null;
  /** How many runs must end before this one starts; 0 when none. */
  waitsFor?: number;
  usage: Usage | null;
  cost: Cost | null;
  /** Each gate as it ran last. */
  gates: GateView[];
  /** As they ran before that, where they were run again. */
  formerGates?: GateView[];
  pullRequest: { number: number; url: string } | null;
  /** Where the unfinished work of a cancelled run is. */
  kept?: Kept | null;
  error: Failure | null;
  files: FileView[];
  /** The model's closing words. Untrusted. */
  summary: string;
  /** What could not be done about the pull request, in sentences. */
  notes?: string[];
  gitMode: GitMode;
  /** A page about the run, where there is one. */
  runUrl?: string;
};

/** A step that waits for a person. */
export type Question = Pick<StepView, 'name' | 'tool' | 'title'> & {
  /** What they should check, in the model's words. Untrusted. */
  prompt: string | null;
  approvers: RunConfig['approvers'];
  /** Whoever asked for the run may not answer. */
  requireOther: boolean;
  /** When it gives up. */
  until: Date | null;
};

/** A plan as people see it. All its words are the model's: untrusted. */
export type PlanView = {
  hash: string;
  baseSha: string;
  by: 'model' | 'template';
  /** why the model made none */
  why: string | null;
  summary: string;
  /** the model's own steps; none where it made no plan */
  steps: { title: string; prompt: string }[];
  files: string[];
  risks: string[];
  estimate: Estimate;
};

export type EndStatus = 'succeeded' | 'neutral' | 'failed' | 'cancelled';

export type StepView = {
  name: string;
  /** `codegen`, `workspace:write`, `gate:test`, `git_pr` … */
  tool: string;
  /** What a plan calls it. The model's words: untrusted. */
  title?: string | undefined;
  status: 'pending' | 'queued' | 'running' | 'waiting' | 'skipped' | EndStatus;
  startedAt: Date | null;
  endedAt: Date | null;
  /** Where it mends what a gate found: which, and which attempt it is of how many. */
  repair?: { gate: string; number: number; of: number };
  /** True where it does again, after a repair, what a step before it did. */
  again?: boolean;
  /** What it does, where it is a git operation. */
  gitOp?: GitOp | undefined;
  /** One short line, e.g. "3 files". */
  detail?: string;
  /** Who said yes to it; null where nobody had to, or has. */
  approvedBy?: string | null;
  /** What it has spent on the model; null where it asked none. */
  usage?: Usage | null;
  cost?: Cost | null;
};

export type GateView = {
  /** `test`, `lint` … */
  name: string;
  /** the name of its step */
  step: string;
  /** how often it has been run, this time with it */
  attempt: number;
  verdict: 'pending' | 'running' | 'passed' | 'failed' | 'neutral' | 'timed_out' | 'cancelled';
  /** null where no command was found */
  command: string | null;
  exitCode: number | null;
  durationMs: number | null;
  /** Last lines of the output. */
  tail: string;
  /** What the output says is wrong, where in the commit that was checked. */
  annotations: Annotation[];
  /** Where its command fails on the base as well: how, and how that compares. */
  base?: BaseRed | null;
};

export type FileView = {
  status: 'added' | 'modified' | 'deleted' | 'renamed';
  path: string;
  previousPath?: string;
  sha256?: string;
  /** bytes */
  size?: number;
};
