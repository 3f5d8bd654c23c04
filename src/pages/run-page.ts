import { html } from 'hono/html';
import { z } from 'zod';
import { costLine, took } from '../domain/report-words.ts';
import { formField, type Markup } from './layout.ts';
import { runActions } from './run-asks.ts';
import { artifactTable } from './run-artifacts.ts';
import { changes } from './run-changes.ts';
import type { RunFacts } from './run-facts.ts';
import { gates } from './run-gates.ts';
import { stepTrack } from './run-steps.ts';
import { timeline } from './run-timeline.ts';
import { moment, prose, status } from './words.ts';

/** What the first event says of a run that does another one again. */
const Repeats = z.object({ repeats: z.string() });

/** A run, whole. */
export function runPage(facts: RunFacts, formToken: string): Markup {
  const { run, view } = facts;
  return html`
    <header class="run-head">
      <p class="crumbs"><a href="/ui/runs?project=${run.projectId}">${run.source.repository}</a> ${about(facts)}</p>
      <h1>${headline(facts)}</h1>
      <p class="run-state">
        ${status(run.status)}
        ${run.pullRequest ? html`<a class="button quiet" href="${run.pullRequest.url}">Pull request #${run.pullRequest.number}</a>` : ''}
      </p>
    </header>
    ${failure(facts)} ${runActions(facts, formField(formToken))}
    <div class="run-columns">
      <section aria-labelledby="steps">
        <h2 id="steps">Steps</h2>
        ${stepTrack(facts)}
      </section>
      <section aria-labelledby="facts">
        <h2 id="facts">Facts</h2>
        ${factList(facts)}
        ${
          view.summary
            ? html`<h3>In the model’s words</h3>
                ${prose(view.summary)}`
            : ''
        }
      </section>
    </div>
    ${gates(facts)} ${changes(facts)} ${artifactTable(facts)} ${timeline(facts)}
  `;
}

/** The first line of what was asked, as the page is called. */
export function headline({ run }: { run: Pick<RunFacts['run'], 'id' | 'goal'> }): string {
  const [first = ''] = run.goal.split('\n');
  return first.length > 120 ? `${first.slice(0, 119)}…` : first || run.id;
}

function about({ run }: RunFacts): Markup | string {
  const { issue } = run.source;
  return issue ? html`· <a href="${issue.url}">#${issue.number} ${issue.title}</a>` : '';
}

function failure({ run }: RunFacts): Markup | string {
  if (!run.failure) return '';
  return html`<section class="notice refused" aria-labelledby="failure">
    <h2 id="failure">What went wrong</h2>
    ${prose(run.failure.message)}
    <p class="prose"><strong>Next:</strong> ${run.failure.next}</p>
  </section>`;
}

function factList({ run, view, events }: RunFacts): Markup {
  const repeats = Repeats.safeParse(events[0]?.payload).data?.repeats;
  // The amount, and to whom it says something, the tokens.
  const spent = (costLine(view)?.replace(/^Cost: /, '') ?? 'nothing').split(' · ');
  const time = took(view);
  const rows: [string, Markup | string][] = [
    ['Asked by', run.source.requester.login],
    ['Asked', html`${moment(run.createdAt)} UTC`],
    ...(run.startedAt ? [['Started', html`${moment(run.startedAt)} UTC`] satisfies [string, Markup]] : []),
    ...(time ? [['Took', time] satisfies [string, string]] : []),
    ['Model', html`<code>${run.model}</code>`],
    ['Spent', `${spent[0]} of $${run.maxCostUsd.toFixed(2)}`],
    ...(spent[1] ? [['Tokens', spent[1]] satisfies [string, string]] : []),
    ['From', html`<code>${run.baseRef}</code> at <code>${run.baseSha.slice(0, 8)}</code>`],
    ['Branch', html`<code>${run.branch}</code>`],
    ...(view.kept
      ? [
          ['Kept', html`<code>${view.kept.branch}</code> at <code>${view.kept.sha.slice(0, 8)}</code>`] satisfies [
            string,
            Markup,
          ],
        ]
      : []),
    ...(run.cancelRequestedBy ? [['Cancelled by', run.cancelRequestedBy] satisfies [string, string]] : []),
    ...(view.waitsFor
      ? [
          ['Waits for', `${view.waitsFor} run${view.waitsFor === 1 ? '' : 's'} on the same issue`] satisfies [
            string,
            string,
          ],
        ]
      : []),
    ...(repeats
      ? [['Does again', html`<a href="/ui/runs/${repeats}"><code>${repeats}</code></a>`] satisfies [string, Markup]]
      : []),
    ['Run', html`<code>${run.id}</code>`],
  ];
  return html`<dl class="facts">
      ${rows.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
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
