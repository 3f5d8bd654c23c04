import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sweepDeliveries } from '../../src/upkeep/sweep-deliveries.ts';
import { lane } from '../support/database.ts';
import { startHarness, type Harness } from '../support/harness.ts';

const never = new AbortController().signal;

describe(`webhooks that did not reach us, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => void (nofx = await startHarness()));
  afterAll(() => nofx.stop());

  const redeliveries = () => nofx.github.deliveries().filter(({ redelivery }) => redelivery).length;

  it('are all asked for again after an hour away, and every run happens once', async () => {
    const [one, two] = [await nofx.repository(), await nofx.repository()];
    nofx.webhooks('miss');
    await one.comment('/nofx take a note');
    await one.comment('/nofx take another note');
    await two.comment('/nofx take a note there');
    await nofx.github.settled();
    expect(await sweepDeliveries(nofx.nofx.deps, never, 2)).toMatchObject({ asked: 2, again: true });
    await nofx.github.settled();

    nofx.webhooks('reach');
    const missed = new Set(
      nofx.github
        .deliveries()
        .filter(({ status }) => status !== 'OK')
        .map(({ guid }) => guid),
    );
    // A second failure waits ten minutes; here the log is as if they had passed.
    for (const delivery of nofx.github.deliveries())
      delivery.deliveredAt = new Date(delivery.deliveredAt.getTime() - 12 * 60_000);
    expect(await sweepDeliveries(nofx.nofx.deps, never)).toMatchObject({
      asked: missed.size,
      lost: missed.size,
      again: false,
    });
    await nofx.drain();
    expect(await one.runs()).toHaveLength(2);
    expect(await two.runs()).toHaveLength(1);

    const before = redeliveries();
    expect(await sweepDeliveries(nofx.nofx.deps, never)).toMatchObject({ asked: 0, lost: 0 });
    expect(redeliveries()).toBe(before);
  });

  it('are not asked for when they came although their answer was lost', async () => {
    const repository = await nofx.repository();
    await repository.comment('/nofx take a note');
    await nofx.drain();
    for (const delivery of nofx.github.deliveries()) Object.assign(delivery, { status: 'timed out', statusCode: 504 });
    expect(await sweepDeliveries(nofx.nofx.deps, never)).toMatchObject({ asked: 0, lost: 0 });
    expect(await repository.runs()).toHaveLength(1);
  });

  it('are asked for although GitHub fails at one of them', async () => {
    const repository = await nofx.repository();
    nofx.webhooks('miss');
    const before = new Set(nofx.github.deliveries().map(({ id }) => id));
    await repository.comment('/nofx take a note');
    await repository.comment('/nofx take another note');
    await nofx.github.settled();
    nofx.webhooks('reach');
    const missed = nofx.github.deliveries().filter(({ id }) => !before.has(id));
    const oldest = missed.toSorted((a, b) => a.id - b.id)[0]!;
    nofx.github.failNext({ path: new RegExp(`/deliveries/${oldest.id}/attempts$`), status: 422 });
    expect(await sweepDeliveries(nofx.nofx.deps, never)).toMatchObject({
      asked: missed.length - 1,
      lost: missed.length,
    });
    await nofx.github.settled();
    expect(await sweepDeliveries(nofx.nofx.deps, never)).toMatchObject({ asked: 1, lost: 1 });
    await nofx.drain();
    expect(await repository.runs()).toHaveLength(2);
  });

  it('are asked for at start, without anybody doing anything', async () => {
    const repository = await nofx.repository();
    nofx.webhooks('miss');
    await repository.comment('/nofx take a note');
    await nofx.github.settled();
    nofx.webhooks('reach');
    if (lane === 'pglite') {
      // A database in memory does not outlive the process.
      await sweepDeliveries(nofx.nofx.deps, never);
    } else await nofx.restart();
    await vi.waitFor(async () => expect(await repository.runs()).toHaveLength(1), { timeout: 30_000, interval: 100 });
    await nofx.drain();
  });
});
