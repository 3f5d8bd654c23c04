/** What a watched NOFX process did, and what of it lay on the way from the comment to the pull request. Pure. */

export const KINDS = ['git', 'sandbox', 'github', 'model', 'database', 'other'] as const;
export type Kind = (typeof KINDS)[number];

/** Times are milliseconds on one clock. `end` is NaN while it is under way. */
export type Span = { kind: Kind; name: string; job: number | null; start: number; end: number };
export type Job = { id: number; queue: string; data: object; start: number; end: number };
export type Observed = { spans: Span[]; jobs: Job[]; arrivals: { path: string; start: number; end: number }[] };

/** One stretch of the way: who had it, and where its milliseconds went. `other` is our own code. */
export type Stretch = { name: string; total: number; spent: Record<Kind, number> };

export type Way = {
  stretches: Stretch[];
  /** comment sent → the pull request is there */
  total: number;
  /** comment sent → nothing is left to do, and GitHub shows it */
  settled: number;
  requests: number;
  gitProcesses: number;
};

/**
 * Cuts the time from `sent` to the pull request into stretches that follow one another without a gap:
 * the delivery, the steps, and the waits for a worker between them. Jobs that run beside a step
 * (progress) are on nobody's way; that they take processor time shows in the stretch they slow down.
 */
export function wayOf(observed: Observed, run: { sent: number; settled: number; tools: Map<string, string> }): Way {
  const arrival = observed.arrivals.find(({ start }) => start >= run.sent);
  const jobs = observed.jobs
    .filter(({ queue, start }) => (queue === 'delivery' || queue === 'step') && start >= run.sent)
    .sort((a, b) => a.start - b.start);
  const delivery = jobs.find(({ queue }) => queue === 'delivery');
  const steps = jobs.filter(({ queue }) => queue === 'step');
  const opened = observed.spans.find(({ kind, name }) => kind === 'github' && /^POST .*\/pulls$/.test(name));
  if (!arrival || !delivery || steps.length === 0 || !opened)
    throw new Error('There is no pull request to measure the way to.');

  const stretches: Stretch[] = [];
  let at = run.sent;
  const go = (name: string, until: number, job: number | null) => {
    if (until <= at) return;
    stretches.push({ name, total: until - at, spent: spentIn(observed.spans, { from: at, until, job }) });
    at = until;
  };
  go('webhook under way', arrival.start, null);
  go('inbox', arrival.end, null);
  go('wait', delivery.start, null);
  const parts = [delivery, ...steps];
  for (const [index, job] of parts.entries()) {
    const next = parts[index + 1];
    go('wait', job.start, null);
    const end = next ? Math.min(job.end, next.start) : opened.end;
    go(nameOf(job, run.tools), Math.min(end, opened.end), job.id);
  }
  return {
    stretches,
    total: opened.end - run.sent,
    settled: run.settled - run.sent,
    requests: observed.spans.filter(({ kind }) => kind === 'github').length,
    gitProcesses: observed.spans.filter(({ kind }) => kind === 'git').length,
  };
}

function nameOf(job: Job, tools: Map<string, string>): string {
  return job.queue === 'delivery' ? 'delivery' : (tools.get((job.data as { stepId: string }).stepId) ?? 'step');
}

/** Where one job's time went. Of things that happen at once the first in KINDS has the time. */
function spentIn(
  spans: readonly Span[],
  { from, until, job }: { from: number; until: number; job: number | null },
): Record<Kind, number> {
  const own = job === null ? [] : spans.filter((span) => span.job === job && span.kind !== 'other');
  const cuts = [from, until];
  for (const { start, end } of own) for (const time of [start, end]) if (time > from && time < until) cuts.push(time);
  cuts.sort((a, b) => a - b);
  const spent = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  for (const [index, cut] of cuts.slice(1).entries()) {
    const middle = (cuts[index]! + cut) / 2;
    const active = own.filter(({ start, end }) => start <= middle && !(end < middle));
    const kind = KINDS.find((each) => active.some((span) => span.kind === each)) ?? 'other';
    spent[kind] += cut - cuts[index]!;
  }
  return spent;
}
