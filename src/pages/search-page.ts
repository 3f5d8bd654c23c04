import { html } from 'hono/html';
import type { ListedRun } from '../db/run-list.ts';
import { passage, wordsIn, type Piece } from '../domain/passage.ts';
import type { Markup } from './layout.ts';
import { headline } from './run-page.ts';
import { moment, status } from './words.ts';

export type SearchView = {
  words: string;
  project: string | undefined;
  /** null where nothing was asked */
  runs: ListedRun[] | null;
  /** behind which run it goes on; null at the end */
  next: string | null;
  /** only among what whoever asks has asked for */
  own: boolean;
};

export function searchPage(view: SearchView): Markup {
  const { words, project, runs, own } = view;
  return html`<h1>Search</h1>
    <form class="filters" method="get" action="/ui/search" role="search">
      <div class="wide">
        <label for="q">What was asked for</label>
        <input id="q" name="q" type="search" value="${words}" required maxlength="200" autocomplete="off" />
      </div>
      ${project ? html`<input type="hidden" name="project" value="${project}" />` : ''}
      <div><button>Search</button></div>
    </form>
    <p class="hint">
      All words must be there; <code>"words in a row"</code>, <code>one or other</code> and <code>-not</code> work as
      well. ${own ? 'Found is what you have asked for yourself.' : ''}
    </p>
    ${runs === null ? '' : results(view, runs)}`;
}

function results({ words, project, next }: SearchView, runs: ListedRun[]): Markup {
  if (runs.length === 0) return html`<p class="empty">Nothing was found for “${words}”. Fewer words find more.</p>`;
  const query = new URLSearchParams({ q: words, ...(project && { project }), ...(next && { after: next }) });
  return html`<ol class="found" aria-label="Found, the newest first">
      ${runs.map((run) => found(run, wordsIn(words)))}
    </ol>
    ${next === null ? '' : html`<nav class="actions" aria-label="More"><a class="button quiet" href="/ui/search?${query.toString()}">Older</a></nav>`}`;
}

function found(run: ListedRun, words: string[]): Markup {
  const { source, pullRequest } = run;
  return html`<li class="panel">
    <h2><a href="/ui/runs/${run.id}">${marked(passage(headline({ run }), words, 160))}</a></h2>
    ${source.prompt.trim() === run.goal.trim() ? '' : html`<p class="prose">${marked(passage(source.prompt, words, 280))}</p>`}
    <p class="hint">
      ${status(run.status)} ${source.repository}${source.issue ? ` #${source.issue.number}` : ''}
      ${pullRequest ? html`· <a href="${pullRequest.url}">pull request #${pullRequest.number}</a>` : ''} · asked by
      ${source.requester.login}, ${moment(run.createdAt)} UTC
    </p>
  </li>`;
}

const marked = (pieces: Piece[]) => pieces.map(({ text, hit }) => (hit ? html`<mark>${text}</mark>` : text));
