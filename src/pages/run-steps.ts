import { html } from 'hono/html';
import { gateOf } from '../domain/plan.ts';
import { repairOf } from '../domain/repair.ts';
import { stepSpent, stepTitlePlain, took } from '../domain/report-words.ts';
import type { Markup } from './layout.ts';
import type { RunFacts } from './run-facts.ts';
import { layTrack, type Place, type Track } from './track.ts';
import { status } from './words.ts';

/** As the style sheet has them: a row's height, a lane's width. */
const ROW = 64;
const LANE = 24;
const MOST_LANES = 6;

/** The steps as a list beside a drawing of what goes on from what; the list says it in words. */
export function stepTrack({ run, view, steps }: RunFacts): Markup {
  const track = layTrack(
    steps.map((step) => ({
      name: step.name,
      dependsOn: step.dependsOn,
      inputs: step.inputs,
      mends: repairOf(step)?.gate,
    })),
  );
  const lanes = Math.min(track.lanes, MOST_LANES);
  const title = (index: number) => stepTitlePlain(view.steps[index]!, run.gitMode);
  return html`<div class="track" data-lanes="${lanes}">
    ${drawing(
      track,
      steps.map((step) => step.status),
    )}
    <ol>
      ${view.steps.map((step, index) => {
        // The amount first: on a phone the rest may be cut off.
        const spent = stepSpent(step, run.gitMode).split(' · ').toReversed().join(' · ');
        const facts = [step.detail, step.approvedBy && `approved by ${step.approvedBy}`, took(step), spent].filter(
          Boolean,
        );
        return html`<li id="step-${steps[index]!.position}">
          <span class="step-name">${title(index)}</span>
          ${gateOf(step.tool) !== null && step.status === 'neutral' ? status('neutral', 'no verdict') : status(step.status)}
          <span class="hint">${facts.join(' · ')}</span>
          ${behind(track, index, title)}
        </li>`;
      })}
    </ol>
  </div>`;
}

/** What the lines say, for those who do not see them. A step right behind the one before it says nothing. */
function behind({ edges }: Track, index: number, title: (index: number) => string): Markup | string {
  const from = edges.filter(({ to }) => to === index);
  if (from.length === 1 && from[0]!.from === index - 1 && !from[0]!.mends) return '';
  if (from.length === 0) return index === 0 ? '' : html`<span class="hidden">Waits for nothing.</span>`;
  const names = from.map((edge) => title(edge.from)).join(', ');
  return html`<span class="hidden">${from.some(({ mends }) => mends) ? 'Mends' : 'Goes on from'}: ${names}.</span>`;
}

function drawing({ places, edges }: Track, statuses: string[]): Markup {
  const height = places.length * ROW;
  const width = MOST_LANES * LANE;
  return html`<svg
    aria-hidden="true"
    focusable="false"
    width="${width}"
    height="${height}"
    viewBox="0 0 ${width} ${height}"
  >
    ${edges.map(
      ({ from, to, mends }) => html`<path class="${mends ? 'mends' : ''}" d="${line(places[from]!, places[to]!)}" />`,
    )}
    ${places.map(
      (place, index) => html`<circle data-status="${statuses[index]!}" cx="${x(place)}" cy="${y(place)}" r="7" />`,
    )}
  </svg>`;
}

const x = ({ lane }: Place) => LANE / 2 + Math.min(lane, MOST_LANES - 1) * LANE;
const y = ({ row }: Place) => ROW * row + 22;

/** Straight down a lane; to another one at the end that is further right, where nothing else stands. */
function line(from: Place, to: Place): string {
  const [x1, y1, x2, y2] = [x(from), y(from), x(to), y(to)];
  if (x1 === x2) return `M ${x1} ${y1} V ${y2}`;
  const bend = (y: number) => `C ${x1} ${y + ROW / 2} ${x2} ${y + ROW / 2} ${x2} ${y + ROW}`;
  return x2 > x1 ? `M ${x1} ${y1} ${bend(y1)} V ${y2}` : `M ${x1} ${y1} V ${y2 - ROW} ${bend(y2 - ROW)}`;
}
