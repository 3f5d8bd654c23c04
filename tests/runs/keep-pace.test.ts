import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writerOfInstallation } from '../../src/db/budget.ts';
import { beginEffect, COMMENT, finishEffect } from '../../src/db/effects.ts';
import { githubBudget } from '../../src/db/schema.ts';
import type { RetryableError } from '../../src/errors.ts';
import { keepPace } from '../../src/runs/keep-pace.ts';
import { lane } from '../support/database.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

describe(`the pace of a run's updates, on ${lane}`, () => {
  let engine: Engine;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  const installationId = 77;
  const writer = writerOfInstallation(installationId);
  const use = (minuteUsed: number, hourUsed: number) => {
    const used = { minute: new Date(), minuteUsed, hour: new Date(), hourUsed };
    return engine.db
      .insert(githubBudget)
      .values({ writer, ...used })
      .onConflictDoUpdate({ target: githubBudget.writer, set: used });
  };
  const put = (id: string, status: 'queued' | 'running' | 'succeeded') =>
    keepPace(engine.deps, { id, status }, { installationId }).then(
      () => 'shown',
      (error: unknown) => (error as RetryableError).retryAfterMs,
    );

  it('slows down as the budget runs out, and never holds up the first update or the last', async () => {
    const { id } = await engine.open();
    await use(76, 100);
    expect(await put(id, 'running')).toBe('shown');
    await beginEffect(engine.db, id, COMMENT);
    await finishEffect(engine.db, id, COMMENT, { id: 1 });
    expect(await put(id, 'running')).toBeGreaterThan(100_000);
    expect(await put(id, 'queued')).toBeGreaterThan(100_000);
    expect(await put(id, 'succeeded')).toBe('shown');
    await use(0, 260);
    expect(await put(id, 'running')).toBeLessThanOrEqual(10_000);
    await use(10, 100);
    expect(await put(id, 'running')).toBe('shown');
  });
});
