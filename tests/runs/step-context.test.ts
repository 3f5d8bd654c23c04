import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArtifactStore } from '../../src/artifacts/store.ts';
import type { ClaimedJob } from '../../src/queue/jobs.ts';
import { claim } from '../../src/runs/claim-step.ts';
import { createStepContext } from '../../src/runs/step-context.ts';
import { lane } from '../support/database.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

describe(`what a step may do, on ${lane}`, () => {
  let engine: Engine;
  let localRoot: string;
  beforeAll(async () => {
    engine = await startEngine();
    localRoot = await mkdtemp(join(tmpdir(), 'nofx-artifacts-'));
  });
  afterAll(async () => {
    await engine.stop();
    await rm(localRoot, { recursive: true });
  });

  it('an attempt that wakes up late changes nothing of what the later one has stored', async () => {
    const { id: runId } = await engine.open(['a']);
    const [step] = await engine.steps(runId);
    const artifacts = createArtifactStore({ localRoot, log: engine.deps.log });
    const deps = { ...engine.deps, adapters: { artifacts } } as unknown as typeof engine.deps;
    const attempt = async (retry: number) => {
      const job: ClaimedJob<'step'> = {
        id: '6f0b4a9e-52a5-4c6b-8f0a-2d6c1b7e9f01',
        retry,
        data: { runId, stepId: step!.id },
        signal: new AbortController().signal,
      };
      return createStepContext(deps, (await claim(deps, job))!, job.signal, null);
    };
    const save = (context: Awaited<ReturnType<typeof attempt>>, text: string) =>
      context.saveArtifact('files/notes.md', Buffer.from(text), 'text/plain');

    const late = await attempt(0);
    await save(late, 'of the first');
    const newest = await attempt(1);
    await save(newest, 'of the second');
    await expect(save(late, 'of the first, late')).rejects.toThrow('another worker has taken over');
    expect((await newest.readArtifact(step!.id, 'files/notes.md')).toString()).toBe('of the second');
  });
});
