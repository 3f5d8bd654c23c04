import { html } from 'hono/html';
import { duration } from '../domain/report-words.ts';
import type { listDead } from '../runs/dead.ts';
import type { viewQueue } from '../runs/view-queue.ts';
import { formField, type Markup } from './layout.ts';
import { listTable } from './table.ts';
import { count, moment } from './words.ts';

export type QueueFacts = Awaited<ReturnType<typeof viewQueue>> &
  Awaited<ReturnType<typeof listDead>> & {
    names: ReadonlyMap<string, string>;
    now: Date;
    formToken: string;
  };

/** What each queue is for; those of pg-boss itself are not ours to explain. */
const MEANING: Record<string, string> = {
  delivery: 'what GitHub has sent',
  step: 'steps of runs',
  progress: 'comments and checks to write',
  outbound: 'messages to endpoints',
  dead: 'what was given up, to be closed',
};

export function queuePage(facts: QueueFacts): Markup {
  const { workers, queues } = facts;
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0);
  const active = queues.reduce((sum, queue) => sum + queue.active, 0);
  const oldest = Math.max(0, ...queues.map(({ oldestSeconds }) => oldestSeconds));
  return html`<h1>Queue</h1>
    ${
      workers === 0
        ? html`<p class="notice refused" role="alert">
            Nobody works: no process with the role <code>worker</code> or <code>all</code> is there. Start one: what
            waits is kept until then.
          </p>`
        : ''
    }
    <dl class="figures">
      <div>
        <dt>could run now</dt>
        <dd>${waiting}</dd>
      </div>
      <div>
        <dt>under way</dt>
        <dd>${active}</dd>
      </div>
      <div>
        <dt>longest wait</dt>
        <dd>${oldest < 1 ? '–' : duration(oldest * 1_000)}</dd>
      </div>
      <div>
        <dt>${workers === 1 ? 'process works' : 'processes work'}</dt>
        <dd>${workers}</dd>
      </div>
      <div>
        <dt>given up</dt>
        <dd>${facts.letters.length}${facts.more ? '+' : ''}</dd>
      </div>
    </dl>
    ${deadLetters(facts)} ${queueTable(facts)} ${atWork(facts)} ${inLine(facts)}`;
}

function deadLetters({ letters, more, formToken }: QueueFacts): Markup {
  return html`<section aria-labelledby="dead">
    <h2 id="dead">Given up</h2>
    <p class="hint">Jobs that failed three times by a mistake of NOFX itself. They are kept for 30 days.</p>
    ${
      letters.length === 0
        ? html`<p class="empty">Nothing was given up.</p>`
        : listTable(
            ['What', 'Why', 'When (UTC)', { unseen: 'Do' }],
            letters.map((letter) => letterRow(letter, formToken)),
          )
    }
    ${more ? html`<p class="hint">There are more, younger ones.</p>` : ''}
  </section>`;
}

function letterRow({ id, from, data, diedAt, reason }: QueueFacts['letters'][number], formToken: string): Markup {
  const what = data.runId
    ? html`A ${from ?? 'job'} of <a href="/ui/runs/${data.runId}">${data.runId}</a>`
    : html`The delivery <code>${data.guid ?? id}</code>`;
  return html`<tr>
    <td class="whole">${what}</td>
    <td class="whole"><span class="reason">${reason}</span></td>
    <td data-label="When (UTC)">${moment(diedAt)}</td>
    <td class="whole">
      <form method="post" action="/ui/queue/dead/${encodeURIComponent(id)}/redrive">
        ${formField(formToken)}
        <button class="quiet" id="redrive-${id}">
          Try again<span class="hidden">: ${data.runId ?? data.guid ?? id}</span>
        </button>
      </form>
    </td>
  </tr>`;
}

function queueTable({ queues }: QueueFacts): Markup {
  return html`<section aria-labelledby="queues">
    <h2 id="queues">Queues</h2>
    ${listTable(
      [
        'Queue',
        { figures: 'Could run now' },
        { figures: 'Put off' },
        { figures: 'Under way' },
        { figures: 'Oldest has waited' },
      ],
      queues.map(
        ({ queue, waiting, deferred, active, oldestSeconds }) =>
          html`<tr>
            <th scope="row" class="whole"><code>${queue}</code> <span class="hint">${MEANING[queue] ?? ''}</span></th>
            <td class="num" data-label="Could run now">${waiting}</td>
            <td class="num" data-label="Put off">${deferred}</td>
            <td class="num" data-label="Under way">${active}</td>
            <td class="num" data-label="Oldest has waited">${waiting === 0 ? '–' : duration(oldestSeconds * 1_000)}</td>
          </tr>`,
      ),
    )}
  </section>`;
}

function atWork({ running, names, now }: QueueFacts): Markup {
  return html`<section aria-labelledby="working">
    <h2 id="working">Steps under way</h2>
    ${
      running.length === 0
        ? html`<p class="empty">No step is under way.</p>`
        : listTable(
            ['Run', 'Step', 'Repository', { figures: 'Attempt' }, { figures: 'For' }],
            running.map(
              ({ runId, name, projectId, attempt, startedAt }) =>
                html`<tr>
                  <td class="whole"><a href="/ui/runs/${runId}">${runId}</a></td>
                  <td data-label="Step">${name}</td>
                  <td data-label="Repository">${names.get(projectId) ?? projectId}</td>
                  <td class="num" data-label="Attempt">${attempt}</td>
                  <td class="num" data-label="For">
                    ${startedAt ? duration(now.getTime() - startedAt.getTime()) : '–'}
                  </td>
                </tr>`,
            ),
          )
    }
  </section>`;
}

function inLine({ lines, names }: QueueFacts): Markup {
  return html`<section aria-labelledby="lines">
    <h2 id="lines">Runs in line</h2>
    ${
      lines.length === 0
        ? html`<p class="empty">No run waits for another.</p>`
        : listTable(
            ['Repository', 'At work', { figures: 'In line' }, 'Since (UTC)'],
            lines.map(
              ({ projectId, atWork: runId, inLine: waiting, oldest }) =>
                html`<tr>
                  <td class="whole">${names.get(projectId) ?? projectId}</td>
                  <td data-label="At work">${runId ? html`<a href="/ui/runs/${runId}">${runId}</a>` : 'nobody'}</td>
                  <td class="num" data-label="In line">${count(waiting, 'run')}</td>
                  <td data-label="Since (UTC)">${moment(oldest)}</td>
                </tr>`,
            ),
          )
    }
  </section>`;
}
