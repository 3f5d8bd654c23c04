import type { RunDefaults } from '../runs/demand.ts';
import type { Deps } from '../runs/deps.ts';
import { requestRebase } from '../runs/request-rebase.ts';
import type { Answer, Occasion } from './occasion.ts';
import { pullRequestOf } from './revise.ts';
import { opening } from './start.ts';

/** Brings the pull request that was asked on, or the newest that came of an issue, up to date with its base. */
export async function rebase(deps: Deps, defaults: RunDefaults, occasion: Occasion): Promise<Answer> {
  const at = await pullRequestOf(deps, occasion);
  return opening(deps, at, (demand) => requestRebase(deps, defaults, { ...demand, options: {} }));
}
