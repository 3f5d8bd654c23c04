import { html, raw } from 'hono/html';
import type { CheckRun, Comment, Reaction, ReactionContent } from './types.ts';

export type Html = ReturnType<typeof html>;

const EMOJI: Record<ReactionContent, string> = {
  '+1': '👍',
  '-1': '👎',
  laugh: '😄',
  confused: '😕',
  heart: '❤️',
  hooray: '🎉',
  rocket: '🚀',
  eyes: '👀',
};

const STYLE = raw(`<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 0 1rem 3rem; color: #1f2328; background: #fff }
  header { background: #fff8c5; border: 1px solid #d4a72c; padding: .3rem .8rem; margin: 1rem 0 }
  .text, pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #d1d9e0; border-radius: 6px; padding: .6rem .8rem; margin: .3rem 0 }
  pre { font: 13px/1.45 ui-monospace, monospace } pre .add { background: #dafbe1 } pre .del { background: #ffebe9 }
  .label, .state { border: 1px solid #d1d9e0; border-radius: 1em; padding: 0 .6em; font-size: .85em } .open { background: #dafbe1 }
  textarea { width: 100%; font: inherit }
  @media (prefers-color-scheme: dark) { body { color: #f0f6fc; background: #0d1117 } a { color: #4493f8 } header { background: #272115 }
    .text, pre, .label, .state { border-color: #3d444d } .open, pre .add { background: #12261e } pre .del { background: #25171c } }
</style>`);

/** Loads the page anew while nobody is writing, so that the story can be watched. */
const LIVE = raw(
  `<script>setInterval(() => document.querySelector('textarea')?.value || location.reload(), 3000)</script>`,
);

/** A whole page, labelled as what it is. */
export const layout = (title: string, body: Html, live = false): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} · GitHub stand-in (playground)</title>
        ${STYLE}
      </head>
      <body>
        <header>GitHub stand-in (playground). This is not GitHub. <a href="/">All repositories</a></header>
        <h1>${title}</h1>
        ${body} ${live ? LIVE : ''}
      </body>
    </html>`;

/** Markdown as it was written, without its hidden comments. */
export const text = (markdown: string | null): Html =>
  html`<div class="text">${(markdown ?? '').replace(/<!--[\s\S]*?-->\n?/g, '').trim() || 'No text.'}</div>`;

export const reactionsView = (reactions: Reaction[]): Html =>
  reactions.length === 0
    ? html``
    : html`<p>
        ${reactions.map(({ content, user }) => html`<span title="${user.login}">${EMOJI[content]} ${user.login}</span> `)}
      </p>`;

export const commentView = (comment: Comment): Html =>
  html`<article id="issuecomment-${comment.id}">
    <p>
      <b>${comment.user.login}</b>${comment.user.type === 'Bot' ? ' (bot)' : ''} at ${comment.createdAt.toISOString()}
    </p>
    ${text(comment.body)} ${reactionsView(comment.reactions)}
  </article>`;

export function diffView(patch: string): Html {
  const kind = (line: string) => (line.startsWith('+') ? 'add' : line.startsWith('-') ? 'del' : '');
  return html`<pre>${patch.split('\n').map((line) => html`<span class="${kind(line)}">${line}</span> `)}</pre>`;
}

export function checkView(run: CheckRun): Html {
  const annotations = run.annotations.map(
    (one) => html`<li><b>${one.annotation_level}</b> <code>${one.path}:${one.start_line}</code> ${one.message}</li>`,
  );
  return html`<p><b>${run.conclusion ?? run.status}</b> ${run.output.title ?? ''}</p>
    ${run.output.summary === null ? '' : text(run.output.summary)}
    ${run.output.text === null ? '' : text(run.output.text)}
    ${
      annotations.length > 0
        ? html`<h2>Annotations</h2>
            <ul>
              ${annotations}
            </ul>`
        : ''
    }
    ${run.actions.map(({ label, description }) => html`<p><span class="label">${label}</span> ${description}</p>`)}
    ${run.detailsUrl && /^https?:/.test(run.detailsUrl) ? html`<p><a href="${run.detailsUrl}">Details</a></p>` : ''}`;
}
