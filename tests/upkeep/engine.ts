import { pino } from 'pino';
import { listSteps } from '../../src/db/steps.ts';
import { openRun } from '../../src/runs/open-run.ts';
import type { Deps } from '../../src/runs/deps.ts';
import { freshDatabase } from '../support/database.ts';
import { runRequest } from '../support/run-request.ts';

/** The engine on a fresh database, without workers: jobs stay where they are put. */
export async function startEngine() {
  const fresh = await freshDatabase();
  const lines: { level: number; msg: string; run?: string }[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const deps = { ...fresh, log } as unknown as Deps;
  let count = 0;
  return {
    ...fresh,
    deps,
    lines,
    /** Opens a run on an issue of its own unless told. */
    async open(names = ['a', 'b'], issue = (count += 1) + 100) {
      const request = runRequest({ triggerKey: `test:${(count += 1)}` });
      const opened = await openRun(deps, {
        ...request,
        source: { ...request.source, issue: { ...request.source.issue!, number: issue } },
        plan: {
          goal: 'g',
          steps: names.map((name, index) => ({
            name,
            tool: 'codegen',
            inputs: { prompt: 'p', _dependsOn: names.slice(index - 1, index) },
          })),
        },
      });
      if (!opened.ok) throw new Error(opened.errors.join());
      return opened.run;
    },
    steps: (runId: string) => listSteps(fresh.db, runId),
  };
}

export type Engine = Awaited<ReturnType<typeof startEngine>>;
