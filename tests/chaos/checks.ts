/** What is known of one run once everything is over. */
export type RunFacts = {
  id: string;
  /** `owner/name#issue` it was asked for on */
  asked: string;
  status: string;
  failure: string | null;
  pullRequests: number;
  comments: number;
  /** event types in the order of their numbers */
  events: { seq: number; type: string }[];
  steps: { name: string; status: string }[];
  /** where its rows and its events tell different stories */
  history: string[];
};

export type Facts = {
  /** `owner/name#issue` of every comment that asked for a run */
  asked: string[];
  runs: RunFacts[];
  checks: { repo: string; name: string; key: string; status: string }[];
  /** jobs of the queue that wait or run: `queue state` */
  jobs: string[];
  /** all pull requests there are, so that one no run knows of is seen too */
  pullRequests: number;
  orphans: string[];
  leftOnDisk: string[];
};

const ENDS = ['run.succeeded', 'run.failed', 'run.neutral', 'run.cancelled'];
const OPEN = ['pending', 'queued', 'running'];

/** Everything that should not be; nothing where all promises were kept. */
export function problemsOf(facts: Facts): string[] {
  const problems: string[] = [];
  for (const asked of facts.asked) {
    const count = facts.runs.filter((run) => run.asked === asked).length;
    if (count !== 1) problems.push(`${asked}: ${count} runs`);
  }
  for (const run of facts.runs) problems.push(...problemsOfRun(run).map((what) => `${run.asked} ${run.id}: ${what}`));
  if (facts.pullRequests !== facts.asked.length)
    problems.push(`${facts.pullRequests} pull requests for ${facts.asked.length} tasks`);
  const keys = new Set<string>();
  for (const { repo, name, key, status } of facts.checks) {
    if (status !== 'completed') problems.push(`${repo}: check ${name} is ${status} (${key})`);
    if (keys.has(key)) problems.push(`${repo}: two checks ${name} (${key})`);
    keys.add(key);
  }
  problems.push(...facts.jobs.map((job) => `job left: ${job}`));
  problems.push(...facts.orphans.map((orphan) => `process left: ${orphan}`));
  problems.push(...facts.leftOnDisk.map((path) => `left on disk: ${path}`));
  return problems;
}

function problemsOfRun(run: RunFacts): string[] {
  const problems: string[] = [];
  if (run.status !== 'succeeded') problems.push(`${run.status}: ${run.failure ?? 'no reason given'}`);
  if (run.pullRequests !== 1) problems.push(`${run.pullRequests} pull requests`);
  if (run.comments !== 1) problems.push(`${run.comments} comments`);
  if (run.events.some(({ seq }, index) => seq !== index + 1))
    problems.push(`event numbers ${run.events.map(({ seq }) => seq).join(' ')}`);
  const ends = run.events.filter(({ type }) => ENDS.includes(type));
  if (ends.length !== 1) problems.push(`terminal events: ${ends.map(({ type }) => type).join(', ') || 'none'}`);
  for (const step of run.steps) if (OPEN.includes(step.status)) problems.push(`step ${step.name} is ${step.status}`);
  problems.push(...run.history);
  return problems;
}
