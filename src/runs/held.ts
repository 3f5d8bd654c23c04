import type { Run } from '../db/runs.ts';
import type { Step } from '../db/steps.ts';
import type { Project } from '../domain/project.ts';

/** A step claimed by this worker, and its run as it stood with the claim. True for as long as the run has no newer event. */
export type Held = {
  step: Step;
  run: Run;
  project: Project;
  /** all steps of the run, in the plan's order */
  steps: Step[];
  /** Until when (`performance.now()`) an update of the comment is known to be queued, so that none need be asked for. */
  announcedUntil: number;
};
