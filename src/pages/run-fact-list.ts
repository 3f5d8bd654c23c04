import { html } from 'hono/html';
import { z } from 'zod';
import { costLine, took } from '../domain/report-words.ts';
import type { Markup } from './layout.ts';
import type { RunFacts } from './run-facts.ts';
import { count, dollars, moment, prose } from './words.ts';

/** What the first event says of a run that does another one again. */
const Repeats = z.object({ repeats: z.string() });

/** What is to know of a run at a glance. Business users are told nothing of git. */
export function factList({ run, view, events }: RunFacts): Markup {
  // The amount, and to whom it says something, the tokens.
  const [spent, tokens] = (costLine(view)?.replace(/^Cost: /, '') ?? 'nothing').split(' · ');
  const repeats = Repeats.safeParse(events[0]?.payload).data?.repeats;
  const git = run.gitMode !== 'hidden';
  const rows: [string, Markup | string | null | undefined | false][] = [
    ['Asked by', run.source.requester.login],
    ['Asked', html`${moment(run.createdAt)} UTC`],
    ['Started', run.startedAt && html`${moment(run.startedAt)} UTC`],
    ['Took', took(view)],
    ['Model', html`<code>${run.model}</code>`],
    ['Spent', `${spent} of ${dollars(run.maxCostUsd)}`],
    ['Tokens', tokens],
    ['From', git && html`<code>${run.baseRef}</code> at <code>${run.baseSha.slice(0, 8)}</code>`],
    ['Branch', git && html`<code>${run.branch}</code>`],
    ['Kept', git && view.kept && html`<code>${view.kept.branch}</code> at <code>${view.kept.sha.slice(0, 8)}</code>`],
    ['Cancelled by', run.cancelRequestedBy],
    ['Waits for', view.waitsFor ? `${count(view.waitsFor, 'run')} on the same issue` : null],
    ['Does again', repeats && html`<a href="/ui/runs/${repeats}"><code>${repeats}</code></a>`],
    ['Run', html`<code>${run.id}</code>`],
  ];
  return html`<dl class="facts">
      ${rows.map(([name, value]) =>
        value
          ? html`<dt>${name}</dt>
              <dd>${value}</dd>`
          : '',
      )}
    </dl>
    ${view.notes?.map((note) => html`<p class="notice">${note}</p>`) ?? ''}
    ${
      run.source.prompt && run.source.prompt !== run.goal
        ? html`<details id="asked">
            <summary>What was asked</summary>
            ${prose(run.source.prompt)}
          </details>`
        : ''
    }`;
}
