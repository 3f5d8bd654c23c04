import { spentToday } from '../db/spending.ts';
import { renderStatus } from '../domain/report.ts';
import type { RunConfig } from '../domain/run-config.ts';
import type { Deps } from '../runs/deps.ts';
import { viewOf } from '../runs/view.ts';
import type { Answer, Occasion } from './occasion.ts';
import { runsAbout } from './runs-about.ts';

/** Says what is under way here, what came of the last, and what was spent today. */
export async function status({ db }: Pick<Deps, 'db'>, occasion: Occasion, config: RunConfig): Promise<Answer> {
  const { open, last } = await runsAbout({ db }, occasion);
  const { usd, runs } = await spentToday(db, occasion.projectId);
  const views = await Promise.all(open.map((run) => viewOf(db, run)));
  const say = renderStatus({
    open: views,
    last: last && (await viewOf(db, last)),
    today: { runs, usd, limitUsd: config.budgets.perDayUsd },
    gitMode: config.gitMode,
  });
  return { outcome: 'answered', say };
}
