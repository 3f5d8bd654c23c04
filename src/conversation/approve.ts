import type { Run } from '../db/runs.ts';
import { code } from '../domain/markdown.ts';
import { isHashOf, shortHash } from '../domain/planned.ts';
import type { RunView } from '../domain/report.ts';
import type { Role } from '../domain/role.ts';
import { UserError } from '../errors.ts';
import { approveRun, wasAnsweredBy } from '../runs/approve-plan.ts';
import type { Deps } from '../runs/deps.ts';
import { viewOf } from '../runs/view.ts';
import type { Answer, Occasion } from './occasion.ts';
import { runsAbout } from './runs-about.ts';

type Asked = { of: string | null; role: Role; run: Run | null };

/**
 * Says yes to a plan, or to whatever else a run waits for: the one of that hash or id, the one behind the check whose
 * button was pressed, or the one that waits here. Its comment says what comes of it.
 */
export async function approve(deps: Deps, occasion: Occasion, { of, role, run }: Asked): Promise<Answer> {
  const { sender, repository, triggerKey: trigger, writtenAt } = occasion;
  const meant = run ?? (await waitingRun(deps, occasion, of));
  const hash = of === meant.id ? null : of;
  const by = { ...sender, role };
  const result = await approveRun(deps, meant, { repository, by, hash, writtenAt, trigger });
  switch (result.kind) {
    case 'approved':
      return { outcome: `approved ${meant.id}`, reaction: 'eyes' };
    case 'stale':
      return { outcome: `stale: ${meant.id}`, reaction: 'confused' };
    case 'refused': {
      const { kind, message, next } = result.failure;
      return {
        outcome: `refused: ${message}`,
        say: `${message}\n\n${next}`,
        reaction: 'confused',
        ...(kind === 'permission' && { once: `refused ${sender.login}` }),
      };
    }
  }
}

/** The run that is meant, of those that wait here. One that this request has answered already is found again. */
async function waitingRun({ db }: Pick<Deps, 'db'>, occasion: Occasion, of: string | null): Promise<Run> {
  const { open, last } = await runsAbout({ db }, occasion);
  const all = [];
  for (const run of last ? [...open, last] : open) {
    if (await wasAnsweredBy({ db }, run, occasion.triggerKey)) return run;
    all.push({ run, view: await viewOf(db, run) });
  }
  const waiting = all.filter(({ view }) => view.question);
  const meant = of === null ? waiting : waiting.filter(({ run, view }) => run.id === of || isPlan(view, of));
  const [first, ...others] = meant.length > 0 ? meant : waiting;
  if (!first) {
    throw new UserError('Nothing waits for an approval here.', '`/nofx status` says how things stand.');
  }
  if (others.length > 0) {
    throw new UserError(
      `${of === null ? 'More than one thing waits' : `There is no plan ${code(of, 80)} among those that wait`} for an approval here.`,
      `Say which one: ${[first, ...others].map(({ run, view }) => `\`/nofx approve ${nameOf(run, view)}\``).join(' or ')}.`,
    );
  }
  return first.run;
}

function isPlan({ plan, question }: RunView, text: string): boolean {
  return question?.tool === 'manual:plan' && plan != null && isHashOf(plan.hash, text);
}

function nameOf(run: Run, { plan, question }: RunView): string {
  return question?.tool === 'manual:plan' && plan ? shortHash(plan.hash) : run.id;
}
