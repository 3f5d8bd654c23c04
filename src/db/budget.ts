import { eq, sql } from 'drizzle-orm';
import type { Executor } from './client.ts';
import { githubBudget as budget } from './schema.ts';

/**
 * What one writer may write in a minute and in an hour, and the milliseconds between two writes.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
 */
export type WriteLimits = { perMinute: number; perHour: number; spacingMs: number };

export const GITHUB_LIMITS: WriteLimits = { perMinute: 80, perHour: 500, spacingMs: 1_000 };

export type Permit = { ok: true } | { ok: false; retryAfterMs: number };

/** An installation, as GitHub counts what it writes. */
export function writerOfInstallation(installationId: number): string {
  return `installation ${installationId}`;
}

/** Whoever a personal token is of, by the variable it is in and the host it is for. The token itself is kept nowhere. */
export function writerOfToken(tokenEnv: string, host: string): string {
  return `${tokenEnv} at ${host}`;
}

const milliseconds = (count: number) => sql`${count}::double precision * interval '1 millisecond'`;

/**
 * Takes one write out of a writer's budget, or says how long to wait for the next. One statement decides, on the
 * database's clock, so that any number of processes share one budget. A window begins with its first write. Give it the
 * database itself, not a transaction: within one, `now()` stands still.
 */
export async function takeWrite(db: Executor, writer: string, limits: WriteLimits = GITHUB_LIMITS): Promise<Permit> {
  const minuteOver = sql`${budget.minute} <= now() - interval '1 minute'`;
  const hourOver = sql`${budget.hour} <= now() - interval '1 hour'`;
  const next = sql`now() + ${milliseconds(limits.spacingMs)}`;
  const taken = await db
    .insert(budget)
    .values({ writer, minute: sql`now()`, minuteUsed: 1, hour: sql`now()`, hourUsed: 1, blockedUntil: next })
    .onConflictDoUpdate({
      target: budget.writer,
      set: {
        minute: sql`case when ${minuteOver} then now() else ${budget.minute} end`,
        minuteUsed: sql`case when ${minuteOver} then 1 else ${budget.minuteUsed} + 1 end`,
        hour: sql`case when ${hourOver} then now() else ${budget.hour} end`,
        hourUsed: sql`case when ${hourOver} then 1 else ${budget.hourUsed} + 1 end`,
        blockedUntil: next,
      },
      setWhere: sql`(${budget.blockedUntil} is null or ${budget.blockedUntil} <= now())
        and (${budget.minuteUsed} < ${limits.perMinute} or ${minuteOver})
        and (${budget.hourUsed} < ${limits.perHour} or ${hourOver})`,
    })
    .returning({ id: budget.writer });
  return taken.length > 0 ? { ok: true } : { ok: false, retryAfterMs: await waitFor(db, writer, limits) };
}

/** How much of a writer's budget is used up now, each from 0 to 1. */
export async function budgetUse(
  db: Executor,
  writer: string,
  limits: WriteLimits = GITHUB_LIMITS,
): Promise<{ minute: number; hour: number }> {
  const [row] = await db
    .select({
      minute: sql<number>`(case when ${budget.minute} > now() - interval '1 minute' then ${budget.minuteUsed} else 0 end)::int`,
      hour: sql<number>`(case when ${budget.hour} > now() - interval '1 hour' then ${budget.hourUsed} else 0 end)::int`,
    })
    .from(budget)
    .where(eq(budget.writer, writer));
  return { minute: (row?.minute ?? 0) / limits.perMinute, hour: (row?.hour ?? 0) / limits.perHour };
}

/** Milliseconds until the next write may be asked for; at least 1. */
async function waitFor(db: Executor, writer: string, limits: WriteLimits): Promise<number> {
  const [row] = await db
    .select({
      wait: sql<number>`(1000 * extract(epoch from greatest(
        ${budget.blockedUntil},
        case when ${budget.minuteUsed} >= ${limits.perMinute} then ${budget.minute} + interval '1 minute' end,
        case when ${budget.hourUsed} >= ${limits.perHour} then ${budget.hour} + interval '1 hour' end
      ) - now()))::double precision`,
    })
    .from(budget)
    .where(eq(budget.writer, writer));
  return Math.max(1, Math.ceil(row?.wait ?? 1));
}

/** Keeps every process from writing as this writer for `forMs`: GitHub said to wait. A longer wait stays. */
export async function blockWrites(db: Executor, writer: string, forMs: number): Promise<void> {
  const until = sql`now() + ${milliseconds(forMs)}`;
  await db
    .insert(budget)
    .values({ writer, minute: sql`now()`, minuteUsed: 0, hour: sql`now()`, hourUsed: 0, blockedUntil: until })
    .onConflictDoUpdate({
      target: budget.writer,
      set: { blockedUntil: sql`greatest(${budget.blockedUntil}, ${until})` },
    });
}
