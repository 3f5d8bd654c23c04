/** One attempt of GitHub to deliver a webhook. */
export type DeliveryAttempt = {
  /** of the attempt; too big for a number since 2026 */
  id: string;
  /** of the delivery: the same for all its attempts */
  guid: string;
  deliveredAt: Date;
  /** it was answered with a 2xx */
  ok: boolean;
};

/** The second wait between attempts, doubled each time after that. */
const FIRST_WAIT_MS = 10 * 60_000;
const LONGEST_WAIT_MS = 12 * 3_600_000;

export type Redelivery = {
  /** The newest attempt of each delivery to ask for now; oldest delivery first, so that their order is kept. */
  ask: DeliveryAttempt[];
  /** deliveries nobody has, asked for now or later */
  lost: number;
  /** Everything before this is settled: the next look need go no further back. Null when nothing was listed. */
  settledBefore: Date | null;
};

/**
 * Which deliveries to ask GitHub for again. Pure. Lost is what no attempt was answered well for and what is not `stored`
 * here: of an attempt that timed out we may have the delivery all the same. A delivery whose answer was 2xx is stored by
 * then, because we answer after the commit; so there is no such thing as answered and missing to look for, short of a
 * database put back from a backup. One that fails again waits longer each time until GitHub forgets it, after three days:
 * what is refused for a reason (a wrong secret, too big) should not be sent every ten minutes.
 */
export function decideRedelivery(
  attempts: readonly DeliveryAttempt[],
  stored: ReadonlySet<string>,
  now: Date,
): Redelivery {
  const lost = [...Map.groupBy(attempts, ({ guid }) => guid).values()]
    .filter((tries) => !stored.has(tries[0]!.guid) && !tries.some(({ ok }) => ok))
    .map((tries) => tries.toSorted((a, b) => a.deliveredAt.getTime() - b.deliveredAt.getTime()))
    .toSorted((a, b) => a[0]!.deliveredAt.getTime() - b[0]!.deliveredAt.getTime());
  const ask = lost
    .filter((tries) => now.getTime() - tries.at(-1)!.deliveredAt.getTime() >= waitAfter(tries.length))
    .map((tries) => tries.at(-1)!);
  const oldest = lost[0]?.[0]?.deliveredAt;
  const newest = attempts.reduce<Date | null>(
    (last, { deliveredAt }) => (last && last > deliveredAt ? last : deliveredAt),
    null,
  );
  return { ask, lost: lost.length, settledBefore: oldest ?? newest };
}

function waitAfter(tries: number): number {
  return tries === 1 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (tries - 2), LONGEST_WAIT_MS);
}
