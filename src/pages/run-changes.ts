import { html } from 'hono/html';
import type { DiffLine, FileDiff } from './diff.ts';
import type { Markup } from './layout.ts';
import type { RunFacts } from './run-facts.ts';
import { count as words } from './words.ts';

/** Lines that are shown of one file; the whole is a click away. */
const LINES = 2_000;
/** Files that are open from the start. */
const OPEN = 3;

/** The change, file by file. */
export function changes({ run, diff }: RunFacts): Markup | string {
  if (diff === null) return '';
  const whole = html`<a href="/runs/${run.id}/diff" download="${run.id}.diff">as one file</a>`;
  if (typeof diff === 'string') {
    return html`<section aria-labelledby="changes">
      <h2 id="changes">Changes</h2>
      <p>
        ${diff === 'tooLarge' ? 'The change is too large for a page' : 'The change could not be read just now'}; it is
        here ${whole}.
      </p>
    </section>`;
  }
  const added = diff.reduce((sum, file) => sum + file.added, 0);
  const removed = diff.reduce((sum, file) => sum + file.removed, 0);
  return html`<section aria-labelledby="changes">
    <h2 id="changes">Changes</h2>
    <p class="hint">${words(diff.length, 'file')}, ${count(added, removed)}; ${whole}</p>
    ${diff.map((file, index) => fileDiff(file, index, diff.length <= OPEN))}
  </section>`;
}

function fileDiff(file: FileDiff, index: number, isOpen: boolean): Markup {
  const more = file.lines.length - LINES;
  return html`<details class="file" id="file-${index}" ${isOpen ? 'open' : ''}>
    <summary>
      <code>${file.previousPath ? `${file.previousPath} → ${file.path}` : file.path}</code>
      <span class="hint">${file.lines.length === 0 ? '' : count(file.added, file.removed)}</span>
    </summary>
    ${
      file.lines.length === 0
        ? html`<p class="hint">Nothing of it can be shown as text.</p>`
        : html`<pre
            class="diff"
            id="file-${index}-text"
            tabindex="0"
            role="region"
            aria-label="Changes of ${file.path}"
          >
${file.lines.slice(0, LINES).map(diffLine)}</pre>`
    }
    ${more > 0 ? html`<p class="hint">and ${words(more, 'line')} more: the whole is above, as one file</p>` : ''}
  </details>`;
}

const TAGS: Record<DiffLine['kind'], (text: string) => Markup> = {
  added: (text) => html`<ins>${text}</ins>`,
  removed: (text) => html`<del>${text}</del>`,
  hunk: (text) => html`<span class="hunk">${text}</span>`,
  same: (text) => html`<span>${text}</span>`,
};

function diffLine({ kind, text }: DiffLine): Markup {
  return TAGS[kind](text);
}

function count(added: number, removed: number): string {
  return `${words(added, 'line')} added, ${removed.toLocaleString('en-US')} removed`;
}
