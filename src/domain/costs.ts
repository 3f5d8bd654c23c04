/** What the runs of a project that were asked for on one day have cost. */
export type DaySpent = {
  /** `2026-11-27`, in UTC */
  day: string;
  projectId: string;
  usd: number;
  runs: number;
  /** runs of models without a known price: they are not in `usd` */
  unpriced: number;
};

export type DayMerged = { day: string; projectId: string; merged: number };

/** What was spent on what: `usdPerMerged` is null where nothing was merged. */
export type Figures = { usd: number; runs: number; unpriced: number; merged: number; usdPerMerged: number | null };

export type CostReport = {
  total: Figures;
  /** every day of the time, oldest first; `trend` are the dollars per merged pull request of the week up to it */
  days: (Figures & { day: string; trend: number | null })[];
  /** the dearest first; `days` as above */
  projects: (Figures & { projectId: string; days: Figures[] })[];
};

const DAY_MS = 86_400_000;
const TREND_DAYS = 7;

/** The midnight (UTC) that begins so many days, today among them. */
export function beginOf(days: number, now: Date): Date {
  const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  return new Date(midnight - (days - 1) * DAY_MS);
}

/**
 * Dollars per merged pull request: all that runs have cost, those too that came to nothing, over what people took. Of one
 * day that says little, since what is merged today was made yesterday; so the trend is of a week.
 */
export function reportCosts(
  spent: DaySpent[],
  merged: DayMerged[],
  { days, now }: { days: number; now: Date },
): CostReport {
  const begin = beginOf(days, now).getTime();
  const names = Array.from({ length: days }, (_, at) => new Date(begin + at * DAY_MS).toISOString().slice(0, 10));
  const known = new Set(names);
  const rows = [
    ...spent.map((row) => ({ merged: 0, ...row })),
    ...merged.map((row) => ({ usd: 0, runs: 0, unpriced: 0, ...row })),
  ].filter(({ day }) => known.has(day));
  const byDay = Map.groupBy(rows, ({ day }) => day);
  const byProject = Map.groupBy(rows, ({ projectId }) => projectId);
  return {
    total: sum(rows),
    days: names.map((day, at) => {
      const week = names.slice(Math.max(0, at + 1 - TREND_DAYS), at + 1).flatMap((name) => byDay.get(name) ?? []);
      return { day, ...sum(byDay.get(day) ?? []), trend: sum(week).usdPerMerged };
    }),
    projects: [...byProject]
      .map(([projectId, of]) => {
        const ofDay = Map.groupBy(of, ({ day }) => day);
        return { projectId, ...sum(of), days: names.map((day) => sum(ofDay.get(day) ?? [])) };
      })
      .toSorted((a, b) => b.usd - a.usd || b.merged - a.merged || (a.projectId < b.projectId ? -1 : 1)),
  };
}

function sum(rows: Omit<Figures, 'usdPerMerged'>[]): Figures {
  const total = { usd: 0, runs: 0, unpriced: 0, merged: 0 };
  for (const row of rows) {
    total.usd += row.usd;
    total.runs += row.runs;
    total.unpriced += row.unpriced;
    total.merged += row.merged;
  }
  return { ...total, usdPerMerged: total.merged > 0 ? total.usd / total.merged : null };
}
