import { z } from 'zod';
import { ChangeSet, Ground, type FileChange } from '../domain/change-set.ts';
import type { RunSource } from '../domain/source.ts';
import { InternalError } from '../errors.ts';
import type { CommitMeta, ContentChange, Workspace } from '../workspace/port.ts';
import { commitMessage, taskTitle } from '../domain/naming.ts';
import { accessOf } from './access.ts';
import type { StepContext, StepOutcome } from './handler.ts';

export const CHANGE_SET_ARTIFACT = 'change-set.json';

/** What a step has come to; on the run's own base unless told. */
export type Draft = { changes: ContentChange[]; summary: string; ground?: Ground | undefined };

/** Stores a step's changes, bytes and manifest, and gives the manifest. */
export async function saveChangeSet(context: StepContext, { changes, summary, ground }: Draft): Promise<ChangeSet> {
  const files: FileChange[] = [];
  for (const change of changes) {
    if (change.status === 'deleted') {
      files.push({ status: 'deleted', path: change.path });
      continue;
    }
    const content = await context.saveArtifact(`files/${change.path}`, change.bytes, contentType(change.binary));
    const written = { path: change.path, mode: change.mode, binary: change.binary, content };
    if (change.status === 'added') files.push({ status: 'added', ...written });
    else if (change.status === 'renamed')
      files.push({ status: 'renamed', ...written, previousPath: change.previousPath! });
    else files.push({ status: 'modified', ...written, previousMode: change.previousMode ?? change.mode });
  }
  const changeSet: ChangeSet = { ...(ground ?? { base: context.run.baseSha }), files, summary };
  await context.saveArtifact(CHANGE_SET_ARTIFACT, Buffer.from(JSON.stringify(changeSet, null, 2)), 'application/json');
  return changeSet;
}

function contentType(binary: boolean): string {
  return binary ? 'application/octet-stream' : 'text/plain; charset=utf-8';
}

type Loaded = { changeSet: ChangeSet; changes: ContentChange[] };

/** Reads a step's change set back, every byte checked against its recorded hash. */
export async function loadChangeSet(context: StepContext, codegenStepId: string): Promise<Loaded> {
  const manifest = await context.readArtifact(codegenStepId, CHANGE_SET_ARTIFACT);
  const changeSet = ChangeSet.parse(JSON.parse(manifest.toString('utf8')));
  const changes: ContentChange[] = [];
  for (const file of changeSet.files) {
    if (file.status === 'deleted') {
      changes.push(file);
      continue;
    }
    const { content, ...rest } = file;
    changes.push({ ...rest, bytes: await context.readArtifact(codegenStepId, content.artifact) });
  }
  return { changeSet, changes };
}

/** What a step hands on that commits. */
export const WriteOutputs = z.object({
  sha: z.string(),
  branch: z.string(),
  codegenStepId: z.string(),
  /** in words of its own; the run's unless told */
  message: z.string().optional(),
  /** what it stands on, where that is not the run's base alone */
  ground: Ground.optional(),
});
export type WriteOutputs = z.infer<typeof WriteOutputs>;

/** The change that a step of the run hands on, or has committed. */
export async function changeOf(context: StepContext, stepName: string): Promise<Loaded & { stepId: string }> {
  const { stepId: own, outputs } = await context.outputsOf(stepName);
  const written = WriteOutputs.safeParse(outputs).data;
  const stepId = written?.codegenStepId ?? own;
  const { changeSet, changes } = await loadChangeSet(context, stepId);
  // Since it was committed it may have been meant for another branch.
  return { stepId, changes, changeSet: written ? { ...changeSet, branch: written.branch } : changeSet };
}

/** One more commit on a pull request is about what was asked of it; one that moves it, about what it is about. */
function titleOf({ kind, issue, pullRequest, prompt }: RunSource): string {
  return ((kind === 'issue' || pullRequest?.rebase) && issue?.title) || taskTitle(prompt);
}

/** The commit of a run is a function of its artifacts alone: same author, same dates, same words. */
export async function commitMeta(context: StepContext, changeSet: ChangeSet, message?: string): Promise<CommitMeta> {
  const { run, adapters } = context;
  const [title, ...body] = message?.trim().split('\n') ?? [];
  return {
    message: commitMessage({
      title: title ?? titleOf(run.source),
      summary: title === undefined ? changeSet.summary : body.join('\n'),
      runId: run.id,
      requester: run.source.requester,
      host: adapters.host,
      gitMode: run.gitMode,
    }),
    author: await adapters.github.appIdentity(),
    date: run.createdAt,
    merged: changeSet.merged,
  };
}

/**
 * The run's workspace with the run's commit checked out, whichever machine this is: where the
 * workspace is missing or has been changed, it is made again from the base and the artifacts.
 */
export async function openCommitted(context: StepContext, written: WriteOutputs): Promise<Workspace> {
  const workspace = await openWorkspace(context, written.ground);
  if ((await workspace.head()) === written.sha) return workspace;
  const { changeSet, changes } = await loadChangeSet(context, written.codegenStepId);
  const { sha } = await workspace.commit(changes, await commitMeta(context, changeSet, written.message));
  if (sha !== written.sha) {
    throw new InternalError(`The workspace was rebuilt as ${sha}, not as ${written.sha}, which was recorded.`);
  }
  return workspace;
}

/** The change as one unified diff, for people to read. */
export const DIFF_ARTIFACT = 'changes.diff';

/** Commits a step's artifacts, verified, in the run's workspace. */
export async function commitWork(context: StepContext, codegenStepId: string): Promise<WriteOutputs> {
  return commitLoaded(context, { stepId: codegenStepId, ...(await loadChangeSet(context, codegenStepId)) });
}

async function commitLoaded(
  context: StepContext,
  { stepId: codegenStepId, changeSet, changes }: Loaded & { stepId: string },
  message?: string,
): Promise<WriteOutputs> {
  const { run } = context;
  const workspace = await openWorkspace(context, changeSet);
  const { sha } = await workspace.commit(changes, await commitMeta(context, changeSet, message));
  await context.saveArtifact(DIFF_ARTIFACT, Buffer.from(await workspace.diff()), 'text/x-diff; charset=utf-8');
  const { base, merged = [], branch = run.branch } = changeSet;
  const moved = base !== run.baseSha || merged.length > 0;
  return {
    sha,
    branch,
    codegenStepId,
    ...(message !== undefined && { message }),
    ...(moved && { ground: { base, merged } }),
  };
}

/** Commits what a step hands on. Where that has come to nothing, so has the run. */
export async function commitStep(context: StepContext, fromStep: string, message?: string): Promise<StepOutcome> {
  const change = await changeOf(context, fromStep);
  const isNothing = change.changes.length === 0 && !change.changeSet.merged?.length;
  if (isNothing) return { status: 'stopped', outputs: {} };
  return { status: 'succeeded', outputs: await commitLoaded(context, change, message) };
}

function openWorkspace(context: StepContext, ground?: Ground): Promise<Workspace> {
  const { run, adapters } = context;
  const { base, merged } = ground ?? { base: run.baseSha };
  return adapters.workspaces.openWorkspace(accessOf(context), {
    key: run.id,
    base,
    merged,
    branch: run.branch,
    protectedPaths: run.config.protectedPaths,
  });
}
