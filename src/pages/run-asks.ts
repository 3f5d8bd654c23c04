import { html } from 'hono/html';
import { whoApproves } from '../domain/approval.ts';
import { duration, stepTitlePlain } from '../domain/report-words.ts';
import type { Markup } from './layout.ts';
import type { RunFacts } from './run-facts.ts';
import { capital, moment, prose } from './words.ts';

/** What a person is asked, and what they may do; `field` makes a form one of ours. */
export function runActions(facts: RunFacts, field: Markup): Markup {
  const { run, may } = facts;
  const post = (what: string) => `/ui/runs/${run.id}/${what}`;
  return html`${question(facts, field)}
  ${
    may.cancel || may.retry
      ? html`<div class="actions">
          ${may.retry ? retry(facts, post('retry'), field) : ''}
          ${
            may.cancel
              ? html`<form method="post" action="${post('cancel')}">
                  ${field}<button class="danger" id="cancel" ${run.cancelRequestedAt ? 'disabled' : ''}>
                    ${run.cancelRequestedAt ? 'Stopping…' : 'Cancel this run'}
                  </button>
                </form>`
              : ''
          }
        </div>`
      : ''
  }`;
}

function question({ run, view, may }: RunFacts, field: Markup): Markup | string {
  const { question: asked, plan } = view;
  if (!asked) return '';
  const about = asked.tool === 'manual:plan' && plan ? plan : null;
  return html`<section class="panel question" aria-labelledby="question">
    <h2 id="question">${about ? 'Shall this plan be carried out?' : (asked.title ?? 'Shall it go on?')}</h2>
    ${asked.prompt ? prose(asked.prompt) : ''} ${about ? planOf(about, view.steps) : ''}
    <p class="hint">
      ${capital(whoApproves(asked.approvers, 'basic').replaceAll('`', ''))} may say
      yes${asked.requireOther ? ', but not who asked for it' : ''}${
        asked.until ? html`, until ${moment(asked.until)} UTC` : ''
      }.
    </p>
    ${
      may.approve
        ? html`<form method="post" action="/ui/runs/${run.id}/approve" class="actions">
            ${field} ${about ? html`<input type="hidden" name="plan" value="${about.hash}" />` : ''}
            <button id="approve">Approve</button>
          </form>`
        : ''
    }
  </section>`;
}

function planOf(
  { summary, steps, files, risks, estimate, by, why }: NonNullable<RunFacts['view']['plan']>,
  all: RunFacts['view']['steps'],
): Markup {
  // In our words: which commit of a branch it is that people say yes to.
  const operations = all.flatMap((step) => (step.gitOp ? [stepTitlePlain(step, 'basic')] : []));
  const { usd, ms, capUsd } = estimate;
  const figures = [
    usd && `$${usd.low.toFixed(2)} to $${usd.high.toFixed(2)}`,
    ms && `${duration(ms.low)} to ${duration(ms.high)} at work`,
    `at most $${capUsd.toFixed(2)}`,
  ].filter(Boolean);
  return html`${prose(by === 'model' ? summary : `The model made no plan of its own${why ? `: ${why}` : ''}.`)}
    ${
      steps.length > 0
        ? html`<ol>
            ${steps.map(
              ({ title, prompt }) =>
                html`<li>
                  <strong>${title}</strong>
                  ${prose(prompt)}
                </li>`,
            )}
          </ol>`
        : ''
    }
    ${list('What it does with git', operations)} ${list('Files it means to touch', files)} ${list('Risks', risks)}
    <p><strong>Estimate:</strong> ${figures.join(', ')}.</p>`;
}

function list(title: string, entries: readonly string[]): Markup | string {
  if (entries.length === 0) return '';
  return html`<h3>${title}</h3>
    <ul>
      ${entries.map((entry) => html`<li>${entry}</li>`)}
    </ul>`;
}

function retry({ run, view, steps }: RunFacts, action: string, field: Markup): Markup {
  const failed = steps.findLast((step) => step.status === 'failed' || step.status === 'cancelled') ?? steps[0];
  const begun = steps.flatMap((step, index) =>
    step.startedAt || step === steps[0] ? [{ step, view: view.steps[index]! }] : [],
  );
  return html`<form method="post" action="${action}" class="retry">
    ${field}
    <label for="from">Do it again from</label>
    <select id="from" name="step">
      ${begun.map(
        ({ step, view: shown }) =>
          html`<option value="${step.id}" ${step === failed ? 'selected' : ''}>
            ${stepTitlePlain(shown, run.gitMode)}
          </option>`,
      )}
    </select>
    <button id="retry">Retry</button>
  </form>`;
}
