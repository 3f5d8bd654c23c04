import { html } from 'hono/html';
import { inWordsOf, whatNext } from '../domain/report-failure.ts';
import { draftNotice, isRed, words } from '../domain/report-words.ts';
import type { Markup } from './layout.ts';
import type { RunFacts } from './run-facts.ts';
import { gateId } from './run-gates.ts';
import { count, prose } from './words.ts';

/** What came of a run, or what it waits for, and what to do about it. Its steps tell what it is at. */
export function outcome(facts: RunFacts): Markup | string {
  const told = sentences(facts);
  return html`${told === '' ? '' : prose(told)} ${failure(facts)}`;
}

function sentences(facts: RunFacts): string {
  const { run, view } = facts;
  const isPlain = run.gitMode === 'hidden';
  switch (run.status) {
    case 'queued':
      return view.waitsFor
        ? `It stands in line: ${count(view.waitsFor, 'run')} on the same issue must end first.`
        : 'It begins as soon as there is a worker for it.';
    case 'running':
      return run.cancelRequestedAt ? 'It stops within seconds; what it has made is kept.' : '';
    case 'waiting':
    case 'failed':
      return '';
    case 'neutral':
      return `There was nothing to change, so there is nothing to review.${view.summary ? ' The model says below why.' : ''}`;
    case 'cancelled':
      return [run.cancelRequestedBy && `${run.cancelRequestedBy} had it stopped.`, kept(view, isPlain)]
        .filter(Boolean)
        .join(' ');
    case 'succeeded':
      return handedIn(facts, isPlain);
  }
}

function kept({ kept: work }: RunFacts['view'], isPlain: boolean): string {
  if (!work) return 'Nothing was handed in for review.';
  const where = isPlain ? 'was set aside' : `is on \`${work.branch}\``;
  return `What was done until then ${where}; it is unfinished, and nothing was handed in for review.`;
}

function handedIn({ run, view, steps }: RunFacts, isPlain: boolean): string {
  const { gitMode, pullRequest, mergedAt } = run;
  if (pullRequest === null) {
    const isPushed = steps.some(({ tool, status }) => tool === 'git_push' && status === 'succeeded');
    return isPushed && !isPlain && view.branch ? `The result is on \`${view.branch}\`.` : '';
  }
  if (mergedAt !== null) return isPlain ? 'The result was taken over.' : 'The pull request was merged.';
  const draft = draftNotice(view)?.replaceAll('**', '');
  return `${draft ?? 'It is ready for review.'} ${words[gitMode].toPeople}`;
}

function failure(facts: RunFacts): Markup | string {
  const { run, view, steps } = facts;
  if (!run.failure) return '';
  const told = inWordsOf(run.gitMode, run.failure);
  const red = view.gates.filter(isRed);
  return html`<section class="notice refused" aria-labelledby="failure">
    <h2 id="failure">${run.status === 'cancelled' ? 'Why it was stopped' : 'What went wrong'}</h2>
    ${prose(told.message)} ${prose(next(facts, told))}
    ${
      red.length > 0
        ? html`<p>
            ${red.map((gate) => html`<a class="alone" href="#${gateId(steps, gate)}">See what ${gate.name} printed</a> `)}
          </p>`
        : ''
    }
  </section>`;
}

/** A run that a program asked for has no issue to write a comment on. */
function next({ run, may }: RunFacts, told: Parameters<typeof whatNext>[0] & object): string {
  if (run.source.issue ?? run.source.pullRequest) return whatNext(told).replaceAll('**', '');
  const retry = may.retry ? 'Do it again from the step that failed.' : '';
  return `Next: ${[told.next, retry].filter(Boolean).join(' ') || 'ask for it again.'}`;
}
