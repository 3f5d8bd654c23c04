import { listEffects } from '../db/effects.ts';
import { getProject } from '../db/projects.ts';
import { TOLD } from '../db/reap.ts';
import { getRun, type Run } from '../db/runs.ts';
import { desiredChecks } from '../domain/checks.ts';
import type { Project } from '../domain/project.ts';
import { commentMarker, renderComment } from '../domain/report.ts';
import { isTerminal, type RunStatus } from '../domain/run.ts';
import { UserError } from '../errors.ts';
import type { ReactionTarget, RepositoryRef } from '../github/port.ts';
import { accessOf, repositoryOf } from '../handlers/access.ts';
import type { ClaimedJob } from '../queue/boss.ts';
import type { Deps } from './deps.ts';
import { ensureMarker, keep, once } from './effects.ts';
import { loadView } from './view.ts';

const LAST_REACTION: Partial<Record<RunStatus, 'rocket' | 'confused'>> = {
  succeeded: 'rocket',
  neutral: 'confused',
  failed: 'confused',
  cancelled: 'confused',
};

/**
 * Brings what people see of a run — its comment, its check runs, the reaction — in line with its rows.
 * Idempotent: it reads the rows, not the job, so any number of jobs come to the same end.
 */
export async function updateProgress(deps: Deps, job: ClaimedJob<'progress'>): Promise<void> {
  const run = await getRun(deps.db, job.data.runId);
  const project = run && (await getProject(deps.db, run.projectId));
  if (!run || !project) return;
  try {
    if (project.installationId !== null) await show(deps, run, project, job.signal);
  } catch (error) {
    // Nobody can be told any more: the repository is gone, or the app was taken off it.
    if (!(error instanceof UserError) || !isTerminal(run.status)) throw error;
    deps.log.warn({ run: run.id, err: error }, 'the end of a run could not be shown');
  }
  if (isTerminal(run.status)) await once(deps, run.id, TOLD, async () => ({ status: run.status }));
}

async function show(deps: Deps, run: Run, project: Project, signal: AbortSignal): Promise<void> {
  const repository = repositoryOf({ project });
  const view = await loadView(deps, run.id);

  if (run.source.issue) await keepComment(deps, run, repository, renderComment(view));
  const marker = await ensureMarker(deps, run, repository);
  const pushed = (await listEffects(deps.db, run.id)).get('push') as { sha: string } | undefined;
  for (const { key, ...check } of desiredChecks(view, { marker: marker.sha, head: pushed?.sha ?? null })) {
    await keep(deps, run.id, key, check, (known) => deps.adapters.github.upsertCheckRun(repository, { ...check, known }));
  }
  if (!isTerminal(run.status)) return;
  await react(deps, run, repository);
  // Artifacts and the pushed branch hold all that matters; a workspace is only a cache.
  await deps.adapters.workspaces.removeWorkspace(accessOf({ ...deps, project, signal }), run.id);
}

async function react(deps: Deps, run: Run, repository: RepositoryRef): Promise<void> {
  const reaction = LAST_REACTION[run.status];
  const target = reactionTarget(run);
  if (!reaction || !target) return;
  await once(deps, run.id, 'reaction', async () => {
    await deps.adapters.github.react(repository, target, reaction);
    return { reaction };
  });
}

async function keepComment(deps: Deps, run: Run, repository: RepositoryRef, body: string): Promise<void> {
  const { github } = deps.adapters;
  await keep(deps, run.id, 'comment', body, (known) =>
    github.upsertComment(repository, run.source.issue!.number, { marker: commentMarker(run.id), body, known }),
  );
}

/** What the person did is what gets the reaction: their comment, or else the issue they labelled. */
function reactionTarget({ source }: Run): ReactionTarget | null {
  if (source.commentId !== null) return { kind: 'comment', id: source.commentId };
  return source.issue ? { kind: 'issue', number: source.issue.number } : null;
}
