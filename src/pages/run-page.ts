import { html } from 'hono/html';
import { formField, type Markup } from './layout.ts';
import { runActions } from './run-asks.ts';
import { artifactTable } from './run-artifacts.ts';
import { changes } from './run-changes.ts';
import { factList } from './run-fact-list.ts';
import type { RunFacts } from './run-facts.ts';
import { gates } from './run-gates.ts';
import { outcome } from './run-outcome.ts';
import { stepTrack } from './run-steps.ts';
import { timeline } from './run-timeline.ts';
import { prose, status } from './words.ts';

/** A run, whole. */
export function runPage(facts: RunFacts, formToken: string): Markup {
  const { run, view } = facts;
  return html`
    <header class="run-head">
      <p class="crumbs"><a href="/ui/runs?project=${run.projectId}">${run.source.repository}</a> ${about(facts)}</p>
      <h1>${headline(facts)}</h1>
      <p class="run-state">
        ${status(run.status)}
        ${run.pullRequest ? html`<a class="button quiet" href="${run.pullRequest.url}">${openResult(run)}</a>` : ''}
      </p>
    </header>
    ${outcome(facts)} ${runActions(facts, formField(formToken))}
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

function openResult({ gitMode, pullRequest }: RunFacts['run']): string {
  return gitMode === 'hidden' ? 'Review the result' : `Pull request #${pullRequest!.number}`;
}

function about(facts: RunFacts): Markup | string {
  const { issue } = facts.run.source;
  if (!issue) return '';
  const title = issue.title === headline(facts) ? '' : ` ${issue.title}`;
  return html`· <a href="${issue.url}">#${issue.number}${title}</a>`;
}
