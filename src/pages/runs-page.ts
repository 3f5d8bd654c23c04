import { html } from 'hono/html';
import type { ListedRun } from '../db/run-list.ts';
import { dollarsOf } from '../domain/report-words.ts';
import { RunStatus } from '../domain/run.ts';
import type { Markup } from './layout.ts';
import { headline } from './run-page.ts';
import type { RunPageFacts, RunQuery } from './runs.ts';
import { capital, moment, status, statusWord } from './words.ts';

/** The runs that were asked for, newest first, and the form that asks for others. */
export function runsPage({ query, runs, next, mistake, own }: RunPageFacts): Markup {
  return html`<h1>Runs</h1>
    ${filters(query)} ${mistake === null ? '' : html`<p class="notice refused" role="alert">${mistake}</p>`}
    <div id="list">
      ${runs.length > 0 ? table(runs) : mistake === null ? nothing(query, own) : ''} ${paging(query, next)}
    </div>`;
}

function filters(query: RunQuery): Markup {
  const field = (name: 'project' | 'author' | 'issue' | 'q', label: string, type = 'text') =>
    html`<div class="${name === 'q' || name === 'project' ? 'wide' : ''}">
      <label for="${name}">${label}</label>
      <input id="${name}" name="${name}" type="${type}" value="${query[name] ?? ''}" autocomplete="off" />
    </div>`;
  return html`<form class="filters" method="get" action="/ui/runs" role="search" aria-label="Runs">
    ${field('q', 'Words of the task', 'search')} ${field('project', 'Repository')}
    <div>
      <label for="status">Status</label>
      <select id="status" name="status">
        <option value="">Any</option>
        ${RunStatus.options.map(
          (name) =>
            html`<option value="${name}" ${name === query.status ? 'selected' : ''}>
              ${capital(statusWord(name))}
            </option>`,
        )}
      </select>
    </div>
    ${field('author', 'Asked by')} ${field('issue', 'Issue', 'number')}
    <div><button>Show</button></div>
  </form>`;
}

function table(runs: readonly ListedRun[]): Markup {
  return html`<table class="list runs">
    <caption class="hidden">
      Runs, newest first
    </caption>
    <thead>
      <tr>
        <th scope="col">Status</th>
        <th scope="col">Task</th>
        <th scope="col">Asked by</th>
        <th scope="col" class="num">Spent</th>
        <th scope="col">Asked (UTC)</th>
      </tr>
    </thead>
    <tbody>
      ${runs.map(row)}
    </tbody>
  </table>`;
}

function row(run: ListedRun): Markup {
  const { source, pullRequest } = run;
  return html`<tr>
    <td class="whole">${status(run.status)}</td>
    <td class="whole">
      <a class="task" href="/ui/runs/${run.id}">${headline({ run })}</a>
      <span class="hint">
        ${source.repository}${source.issue ? ` #${source.issue.number}` : ''}${pullRequest && run.gitMode !== 'hidden' ? `, pull request #${pullRequest.number}` : ''}
      </span>
    </td>
    <td class="login" data-label="Asked by">${source.requester.login}</td>
    <td data-label="Spent" class="num ${run.cost ? '' : 'none'}">${run.cost ? dollarsOf(run.cost) : '–'}</td>
    <td data-label="Asked (UTC)">${moment(run.createdAt)}</td>
  </tr>`;
}

function nothing(query: RunQuery, own: boolean): Markup {
  const isFiltered = Object.values(query).some((value) => value !== undefined);
  return isFiltered
    ? html`<p class="empty">No run fits that. <a href="/ui/runs">Show all</a></p>`
    : html`<p class="empty">
        ${own ? 'You have not asked for anything yet' : 'Nothing has been asked for yet'}. Comment
        <code>/nofx …</code> on an issue of a repository with the app on it.
        ${own ? 'What others have asked for is shown for a repository that you name.' : ''}
      </p>`;
}

function paging(query: RunQuery, next: string | null): Markup | string {
  const link = (cursor: string | undefined, label: string) =>
    html`<a class="button quiet" href="/ui/runs?${searchOf({ ...query, cursor })}">${label}</a>`;
  if (next === null && query.cursor === undefined) return '';
  return html`<nav class="actions" aria-label="More runs">
    ${query.cursor === undefined ? '' : link(undefined, 'Newest')} ${next === null ? '' : link(next, 'Older')}
  </nav>`;
}

function searchOf(query: RunQuery): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return new URLSearchParams(Object.fromEntries(given)).toString();
}
