import { COMMENT, listEffects } from '../db/effects.ts';
import { getProject, noteSynced } from '../db/projects.ts';
import { TOLD } from '../db/reap.ts';
import type { Executor } from '../db/client.ts';
import { lockRun, type Run } from '../db/runs.ts';
import { desiredChecks } from '../domain/checks.ts';
import type { Project } from '../domain/project.ts';
import { commentMarker, renderComment, type RunView } from '../domain/report.ts';
import { isTerminal, type RunStatus } from '../domain/run.ts';
import { asError, UserError } from '../errors.ts';
import type { ReactionTarget, RepositoryRef } from '../github/port.ts';
import { accessOf, hasApp, repositoryOf } from '../handlers/access.ts';
import { isPush } from '../handlers/push-work.ts';
import type { ClaimedJob } from '../queue/jobs.ts';
import { announce } from './announce.ts';
import type { Deps } from './deps.ts';
import { ensureMarker, keep, once } from './effects.ts';
import { keepPace } from './keep-pace.ts';
import { viewOf } from './view.ts';

const LAST_REACTION: Partial<Record<RunStatus, 'rocket' | 'confused'>> = {
  succeeded: 'rocket',
  neutral: 'confused',
  failed: 'confused',
  cancelled: 'confused',
};

/**
 * Brings what people see of a run — its comment, its check runs, the reaction — in line with its rows.
 * Idempotent: it reads the rows, not the job, so any number of jobs come to the same end.
 * The three do not wait for each other: a comment that cannot be written leaves no check open.
 */
export async function updateProgress(deps: Deps, job: ClaimedJob<'progress'>): Promise<void> {
  const settled = await readSettled(deps.db, job.data.runId);
  const project = settled && (await getProject(deps.db, settled.run.projectId));
  if (!settled || !project) return;
  await keepPace(deps, settled.run, project);
  if (hasApp(project)) await show(deps, { ...settled, project });
  if (isTerminal(settled.run.status)) await clearUp(deps, { run: settled.run, project, signal: job.signal });
  // The reaper looks for ended runs without this.
  if (isTerminal(settled.run.status))
    await once(deps, settled.run.id, TOLD, async () => ({ status: settled.run.status }));
}

async function show(deps: Deps, { run, view, project }: { run: Run; view: RunView; project: Project }): Promise<void> {
  const repository = repositoryOf({ project });

  const failures: Error[] = [];
  for (const part of [keepComment, keepChecks, keepReaction]) {
    await part(deps, { run, repository, view }).catch((error: unknown) => failures.push(asError(error)));
  }
  await lookAgain(deps, run);
  const passing = failures.find((error) => !(error instanceof UserError));
  if (passing !== undefined) throw passing;
  // A person has to do something first; trying again would only use up GitHub's patience.
  for (const error of failures) deps.log.warn({ err: error, run: run.id }, 'progress could not be shown');
}

/** Artifacts and the pushed branch hold all that matters; a workspace is only a cache. */
async function clearUp(
  deps: Deps,
  { run, project, signal }: { run: Run; project: Project; signal: AbortSignal },
): Promise<void> {
  await deps.adapters.workspaces.removeWorkspace(accessOf({ ...deps, project, signal }), run.id);
  // Whatever came to a good end had what it needed of the repository.
  if (run.status === 'succeeded' || run.status === 'neutral') await noteSynced(deps.db, project.id);
}

/**
 * A run with every change in it that was under way: whoever changes a run holds its lock, and
 * `announce` counts on an update that has begun not to overlook a change it was queued for.
 */
export async function readSettled(db: Executor, runId: string): Promise<{ run: Run; view: RunView } | null> {
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    return run && { run, view: await viewOf(tx, run) };
  });
}

/**
 * A process that was frozen in the middle of this shows on waking what was true before. If the run has
 * moved on meanwhile, one more update puts that right; where one is queued already, this adds none.
 */
async function lookAgain(deps: Deps, shown: Run): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const now = await lockRun(tx, shown.id);
    if (now && now.lastSeq !== shown.lastSeq) await announce(tx, deps, now, isTerminal(now.status) ? 'now' : 'soon');
  });
}

type Shown = { run: Run; repository: RepositoryRef; view: RunView };

async function keepComment(deps: Deps, { run, repository, view }: Shown): Promise<void> {
  const { issue } = run.source;
  if (!issue) return;
  const body = renderComment(view);
  await keep(deps, run.id, COMMENT, body, (known) =>
    deps.adapters.github.upsertComment(repository, issue.number, {
      marker: commentMarker(run.id),
      body,
      known,
      thread: run.source.threadId,
    }),
  );
}

async function keepChecks(deps: Deps, { run, repository, view }: Shown): Promise<void> {
  const marker = await ensureMarker(deps, run, repository);
  const pushes = [...(await listEffects(deps.db, run.id))].filter(([effect]) => isPush(effect));
  const pushed = pushes.at(-1)?.[1] as { sha: string } | undefined;
  for (const { key, ...check } of desiredChecks(view, { marker: marker.sha, head: pushed?.sha ?? null })) {
    const linked = { ...check, detailsUrl: deps.runLink?.(run.id) ?? undefined };
    await keep(deps, run.id, key, linked, (known) =>
      deps.adapters.github.upsertCheckRun(repository, { ...linked, known }),
    );
  }
}

async function keepReaction(deps: Deps, { run, repository }: Shown): Promise<void> {
  const reaction = LAST_REACTION[run.status];
  const target = reactionTarget(run);
  if (!isTerminal(run.status) || !reaction || !target) return;
  await once(deps, run.id, 'reaction', async () => {
    await deps.adapters.github.react(repository, target, reaction);
    return { reaction };
  });
}

/** What the person did is what gets the reaction: their comment, or else the issue they labelled. */
function reactionTarget({ source }: Run): ReactionTarget | null {
  if (source.commentId !== null) {
    return { kind: source.threadId === undefined ? 'comment' : 'line comment', id: source.commentId };
  }
  // A review has no reactions.
  if (source.kind === 'pull request') return null;
  return source.issue ? { kind: 'issue', number: source.issue.number } : null;
}
