import { html } from 'hono/html';
import type { Markup } from './layout.ts';

/**
 * Charts, drawn here. They are stretched to the width there is, so that they fit a phone; what is written beside them is
 * HTML and keeps its size. Whoever cannot see them has the table that the same figures are in.
 */

const HEIGHT = 100;
/** the width of one day */
const DAY = 10;

export type Point = { label: string; value: number | null };

/** Bars, one for each day; `small`: a line of a table, without a scale. */
export function bars(
  points: Point[],
  { name, most, small = false }: { name: string; most: number; small?: boolean },
): Markup {
  const top = Math.max(most, Number.MIN_VALUE);
  return html`<svg
    class="${small ? 'bars small' : 'bars'}"
    viewBox="0 0 ${points.length * DAY} ${HEIGHT}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${name}"
  >
    ${points.map(({ label, value }, at) => {
      const height = ((value ?? 0) / top) * HEIGHT;
      return html`<rect x="${at * DAY + 1}" y="${HEIGHT - height}" width="${DAY - 2}" height="${height}">
        <title>${label}</title>
      </rect>`;
    })}
  </svg>`;
}

/** A line from day to day, with a gap where there is no value. */
export function line(points: Point[], { name, most }: { name: string; most: number }): Markup {
  const top = Math.max(most, Number.MIN_VALUE);
  const place = (value: number, at: number) => `${at * DAY + DAY / 2} ${HEIGHT - (value / top) * HEIGHT}`;
  const path = points
    .map(({ value }, at) =>
      value === null ? '' : `${(points[at - 1]?.value ?? null) === null ? 'M' : 'L'}${place(value, at)}`,
    )
    .join('');
  return html`<svg
    class="line"
    viewBox="0 0 ${points.length * DAY} ${HEIGHT}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${name}"
  >
    <path d="${path || 'M0 0'}" />
    ${points.map(({ label, value }, at) =>
      value === null ? '' : html`<path class="dot" d="M${place(value, at)}h0"><title>${label}</title></path>`,
    )}
  </svg>`;
}

/** A chart with its scale and the days at its ends. */
export function figure({
  caption,
  scale,
  ends,
  drawing,
}: {
  caption: Markup | string;
  /** from above down */
  scale: string[];
  ends: [string, string];
  drawing: Markup;
}): Markup {
  return html`<figure class="chart">
    <figcaption>${caption}</figcaption>
    <div class="plot">
      <div class="scale num" aria-hidden="true">${scale.map((text) => html`<span>${text}</span>`)}</div>
      ${drawing}
    </div>
    <div class="ends num" aria-hidden="true"><span>${ends[0]}</span><span>${ends[1]}</span></div>
  </figure>`;
}

/** The next round number: where a scale ends. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 10].find((one) => one * power >= value * (1 - 1e-9))!;
  return step * power;
}
