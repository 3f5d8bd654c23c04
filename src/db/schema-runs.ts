import { sql, type SQL } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  check,
  doublePrecision,
  index,
  integer,
  uniqueIndex,
  unique,
} from 'drizzle-orm/pg-core';
import type { Failure, RunStatus, StepStatus } from '../domain/run.ts';
import type { GitMode, WorkspaceMode } from '../domain/project.ts';
import type { Plan, PreparedStep } from '../domain/plan.ts';
import type { Cost, Usage } from '../domain/pricing.ts';
import type { RunConfig } from '../domain/run-config.ts';
import type { RunSource } from '../domain/source.ts';
import { at, createdAt, jsonb, nofx, text } from './schema-columns.ts';

/** Projects, their runs, and all that is kept of a run. */

export const project = nofx.table('project', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  repoUrl: text('repo_url'),
  localPath: text('local_path'),
  workspaceMode: text('workspace_mode').$type<WorkspaceMode>().notNull(),
  gitMode: text('git_mode').$type<GitMode>().notNull(),
  defaultBranch: text('default_branch'),
  installationId: bigint('installation_id', { mode: 'number' }),
  repositoryId: bigint('repository_id', { mode: 'number' }),
  baseBranch: text('base_branch'),
  tokenEnv: text('token_env'),
  createdAt: createdAt(),
  syncedAt: at('synced_at'),
  removedAt: at('removed_at'),
});

/** What a run can be found by: what was asked for. Cut, because Postgres refuses to take the words of a megabyte apart. */
export function wordsOf({ goal, source }: { goal: AnyPgColumn; source: AnyPgColumn }): SQL {
  return sql`to_tsvector('english', left((${goal} || ' ' || (${source} ->> 'prompt')), 20000))`;
}

export const run = nofx.table(
  'run',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => project.id),
    status: text('status').$type<RunStatus>().notNull(),
    goal: text('goal').notNull(),
    plan: jsonb('plan').$type<Plan>().notNull(),
    /** What started it, once: a comment, a label delivery. Retrying the delivery finds the run instead of opening another. */
    triggerKey: text('trigger_key').notNull(),
    /** Who asked, where, in which words: frozen when they asked. */
    source: jsonb('source').$type<RunSource>().notNull(),
    model: text('model').notNull(),
    maxCostUsd: doublePrecision('max_cost_usd').notNull(),
    gitMode: text('git_mode').$type<GitMode>().notNull(),
    baseRef: text('base_ref').notNull(),
    /** where the base branch stood when it was asked; the whole run works from here */
    baseSha: text('base_sha').notNull(),
    /** what the repository and its organization settled, as it stood when the run was opened; defaults filled in */
    config: jsonb('config').$type<RunConfig>().notNull(),
    branch: text('branch').notNull(),
    /** Runs of one lane take turns, oldest first; runs of different lanes never wait for each other. */
    lane: text('lane').notNull(),
    /** the queue priority of its steps: repositories take turns (domain/fair-turns.ts) */
    priority: integer('priority').notNull().default(0),
    /** who writes for it on GitHub, one write after another (db/budget.ts); null where nobody does */
    writer: text('writer'),
    /** since when it is the one of its lane whose turn it is; null in line, and while it waits for a person */
    turnAt: at('turn_at'),
    cancelRequestedAt: at('cancel_requested_at'),
    cancelRequestedBy: text('cancel_requested_by'),
    /** how often it has gone on after it waited for a person: GitHub never opens a completed check again, so each has a new one */
    round: integer('round').notNull().default(0),
    pullRequest: jsonb('pull_request').$type<{ number: number; url: string }>(),
    /** when people merged the pull request; null while they have not */
    mergedAt: at('merged_at'),
    failure: jsonb('failure').$type<Failure>(),
    usage: jsonb('usage').$type<Usage>(),
    cost: jsonb('cost').$type<Cost>(),
    /** the sequence number of the run's newest event; raised under the row's lock, so there are no gaps */
    lastSeq: integer('last_seq').notNull().default(0),
    createdAt: createdAt(),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
  },
  (t) => [
    unique('run_trigger_key').on(t.triggerKey),
    // The lists of runs, read backward: each ends in the id, which decides between those of one moment.
    index('run_created').on(t.createdAt, t.id),
    index('run_project_created').on(t.projectId, t.createdAt, t.id),
    index('run_requester_created').on(sql`(((${t.source} -> 'requester' ->> 'id'))::bigint)`, t.createdAt, t.id),
    index('run_author_created').on(sql`lower(${t.source} -> 'requester' ->> 'login')`, t.createdAt, t.id),
    index('run_status_created')
      .on(t.status, t.createdAt, t.id)
      .where(sql`ended_at is not null`),
    index('run_open')
      .on(t.createdAt)
      .where(sql`ended_at is null`),
    index('run_lane').on(t.lane, t.createdAt),
    index('run_branch').on(t.projectId, t.branch),
    index('run_pull_request')
      .on(t.projectId, sql`(((${t.pullRequest} ->> 'number'))::int)`)
      .where(sql`pull_request is not null`),
    index('run_merged')
      .on(t.mergedAt)
      .where(sql`merged_at is not null`),
    index('run_words').using('gin', wordsOf(t)),
    index('run_project_open')
      .on(t.projectId)
      .where(sql`ended_at is null`),
    index('run_project_succeeded')
      .on(t.projectId, t.endedAt.desc())
      .where(sql`status = 'succeeded'`),
    index('run_ended')
      .on(t.endedAt)
      .where(sql`ended_at is not null`),
    check('run_ended_status', sql`(ended_at is null) = (status in ('queued', 'running', 'waiting'))`),
  ],
);

export const step = nofx.table(
  'step',
  {
    id: text('id').primaryKey(),
    runId: text('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    /** place in the plan, from 0 */
    position: integer('position').notNull(),
    name: text('name').notNull(),
    tool: text('tool').notNull(),
    inputs: jsonb('inputs').$type<PreparedStep['inputs']>().notNull(),
    outputs: jsonb('outputs').$type<Record<string, unknown>>(),
    status: text('status').$type<StepStatus>().notNull(),
    idempotencyKey: text('idempotency_key').notNull(),
    dependsOn: jsonb('depends_on').$type<string[]>().notNull(),
    /** The fence. Each claim raises it; a write that carries an older number is refused. */
    attempt: integer('attempt').notNull().default(0),
    // Attempts that came to nothing, each kind by itself, so that one takes nothing from the bound of another. A deploy or
    // a lost lease is none of them.
    /** those that ended in a fault of our own */
    failures: integer('failures').notNull().default(0),
    /** in a fault that time may mend */
    retries: integer('retries').notNull().default(0),
    /** in a limit of the other side's, which said how long to wait */
    waits: integer('waits').notNull().default(0),
    /** the queue job, and its retry, that made the newest claim */
    leaseJob: text('lease_job'),
    leaseRetry: integer('lease_retry'),
    failure: jsonb('failure').$type<Failure>(),
    /** what all its attempts have spent on the model */
    usage: jsonb('usage').$type<Usage>(),
    cost: jsonb('cost').$type<Cost>(),
    createdAt: createdAt(),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
    /** until when a person may say yes; only while it waits for that */
    waitUntil: at('wait_until'),
  },
  (t) => [
    unique('step_idempotency_key').on(t.idempotencyKey),
    unique('step_run_name').on(t.runId, t.name),
    index('step_run_position').on(t.runId, t.position),
    // No index knows a step's status: it changes often, and each change would cost an entry in every index. For the same
    // reason rows of runs and steps have room beside them for their next version (fillfactor, migration 0013).
    index('step_waiting')
      .on(t.waitUntil)
      .where(sql`wait_until is not null`),
  ],
);

/** The audit trail: append only, numbered without gaps within a run. */
export const event = nofx.table(
  'event',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    runId: text('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    stepId: text('step_id'),
    type: text('type').notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [uniqueIndex('event_run_seq').on(t.runId, t.seq)],
);

export const artifact = nofx.table(
  'artifact',
  {
    id: text('id').primaryKey(),
    runId: text('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    stepId: text('step_id')
      .notNull()
      .references(() => step.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    path: text('path').notNull(),
    driver: text('driver').$type<'supabase' | 'local'>().notNull(),
    sha256: text('sha256').notNull(),
    size: integer('size').notNull(),
    contentType: text('content_type').notNull(),
    createdAt: createdAt(),
  },
  (t) => [unique('artifact_step_name').on(t.stepId, t.name), index('artifact_run').on(t.runId)],
);

/** What was done to the outside world for a run: at most one row, one effect, per key. */
export const effect = nofx.table(
  'effect',
  {
    runId: text('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    /** `comment`, `check:NOFX:<sha>`, `pull_request`, … */
    key: text('key').notNull(),
    /** null between the intent and the deed: then it is looked up by its natural key before it is done again */
    result: jsonb('result').$type<Record<string, unknown>>(),
    createdAt: createdAt(),
    doneAt: at('done_at'),
  },
  (t) => [uniqueIndex('effect_run_key').on(t.runId, t.key)],
);
