import { html } from 'hono/html';
import type { Markup } from './layout.ts';

/** The head of a column: of words, of figures, or one whose name only those need who do not see what is in it. */
export type Head = string | { figures: string } | { unseen: string };

/** A table that becomes a list of cards on a phone: there each cell names its column (`data-label`), or takes a whole line. */
export function listTable(heads: readonly Head[], rows: readonly Markup[]): Markup {
  return html`<table class="list">
    <thead>
      <tr>
        ${heads.map(headCell)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

function headCell(head: Head): Markup {
  if (typeof head === 'string') return html`<th scope="col">${head}</th>`;
  return 'figures' in head
    ? html`<th scope="col" class="num">${head.figures}</th>`
    : html`<th scope="col"><span class="hidden">${head.unseen}</span></th>`;
}
