import { html } from 'hono/html';
import type { CostReport, Figures } from '../domain/costs.ts';
import type { Project } from '../domain/project.ts';
import { bars, figure, line, roundUp, type Point } from './chart.ts';
import type { Markup } from './layout.ts';
import { count, dollars } from './words.ts';

/** So many days can be looked at; what is older than it is kept is gone. */
export const PERIODS = [7, 30, 90] as const;

export type CostsView = {
  report: CostReport;
  names: ReadonlyMap<string, string>;
  /** null: all that may be seen */
  project: Pick<Project, 'id' | 'name'> | null;
  days: number;
  /** only of what whoever looks has asked for */
  own: boolean;
};

export function costsPage(view: CostsView): Markup {
  const { report, project, own } = view;
  const { total } = report;
  return html`
    ${project ? html`<p class="crumbs"><a href="/ui/costs?days=${view.days}">All repositories</a></p>` : ''}
    <h1>Costs${project ? html` of ${project.name}` : own ? ' of what you asked for' : ''}</h1>
    ${periods(view)}
    ${
      total.runs === 0 && total.merged === 0
        ? html`<p class="empty">No run was asked for in these ${view.days} days.</p>`
        : html`${headline(total)} ${charts(report)} ${project ? '' : byProject(view)} ${byDay(report)}`
    }
  `;
}

function periods({ days, project }: CostsView): Markup {
  const of = project ? `&project=${encodeURIComponent(project.id)}` : '';
  return html`<nav aria-label="Time">
    <ul class="choice">
      ${PERIODS.map(
        (period) =>
          html`<li>
            <a href="/ui/costs?days=${period}${of}" ${period === days ? html`aria-current="true"` : ''}
              >${period} days</a
            >
          </li>`,
      )}
    </ul>
  </nav>`;
}

function headline(total: Figures): Markup {
  return html`<dl class="figures">
      <div class="first">
        <dt>for each merged pull request</dt>
        <dd>${perMerged(total)}</dd>
      </div>
      <div>
        <dt>spent</dt>
        <dd>${dollars(total.usd)}</dd>
      </div>
      <div>
        <dt>merged</dt>
        <dd>${total.merged.toLocaleString('en-US')}</dd>
      </div>
      <div>
        <dt>runs</dt>
        <dd>${total.runs.toLocaleString('en-US')}</dd>
      </div>
    </dl>
    <p class="hint">
      All that runs have cost, those too that came to nothing, over the pull requests that were merged.
      ${total.unpriced > 0 ? `${count(total.unpriced, 'run')} of a model without a known price ${total.unpriced === 1 ? 'is' : 'are'} not counted.` : ''}
    </p>`;
}

function charts({ days }: CostReport): Markup {
  const ends: [string, string] = [shortDay(days[0]!.day), shortDay(days.at(-1)!.day)];
  const chart = (caption: string, hint: string, points: Point[], draw: typeof line | typeof bars) => {
    const most = roundUp(Math.max(...points.map(({ value }) => value ?? 0)));
    const name = `${caption}, ${hint}; the table below has the figures`;
    return figure({
      caption: html`${caption} <span class="hint">${hint}</span>`,
      scale: [dollars(most), dollars(most / 2), '$0'],
      ends,
      drawing: draw(points, { name, most }),
    });
  };
  const trend = days.map(({ day, trend: value }) => ({
    label: `${shortDay(day)}: ${value === null ? 'none merged' : dollars(value)}`,
    value,
  }));
  const spent = days.map(({ day, usd, merged }) => ({
    label: `${shortDay(day)}: ${dollars(usd)}, ${merged} merged`,
    value: usd,
  }));
  return html`<div class="charts">
    ${chart('Dollars for each merged pull request', 'in the week up to each day', trend, line)}
    ${chart('Dollars spent', 'on each day', spent, bars)}
  </div>`;
}

function byProject({ report, names, days }: CostsView): Markup {
  const most = Math.max(...report.projects.flatMap((project) => project.days.map(({ usd }) => usd)));
  return html`<section aria-labelledby="projects">
    <h2 id="projects">By repository</h2>
    <table class="list">
      <thead>
        <tr>
          <th scope="col">Repository</th>
          <th scope="col">Spent by day</th>
          ${FIGURE_HEADS}
        </tr>
      </thead>
      <tbody>
        ${report.projects.map((project) => {
          const name = names.get(project.projectId) ?? project.projectId;
          const points = project.days.map(({ usd }, at) => ({
            label: `${shortDay(report.days[at]!.day)}: ${dollars(usd)}`,
            value: usd,
          }));
          return html`<tr>
            <th scope="row" class="whole">
              <a href="/ui/costs?project=${encodeURIComponent(project.projectId)}&days=${days}">${name}</a>
            </th>
            <td class="whole">${bars(points, { name: `${name}: dollars spent, day by day`, most, small: true })}</td>
            ${figureCells(project)}
          </tr>`;
        })}
      </tbody>
    </table>
  </section>`;
}

function byDay({ days }: CostReport): Markup {
  return html`<section aria-labelledby="days">
    <h2 id="days">By day</h2>
    <details id="day-table">
      <summary>The figures of ${count(days.length, 'day')}, in UTC</summary>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Day</th>
            ${FIGURE_HEADS}
            <th scope="col" class="num">The week up to it</th>
          </tr>
        </thead>
        <tbody>
          ${days.toReversed().map(
            (day) =>
              html`<tr>
                <th scope="row" class="num"><time datetime="${day.day}">${day.day}</time></th>
                ${figureCells(day)}
                <td class="num" data-label="The week up to it">${day.trend === null ? '–' : dollars(day.trend)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </section>`;
}

const FIGURE_HEADS = html`<th scope="col" class="num">Runs</th>
  <th scope="col" class="num">Spent</th>
  <th scope="col" class="num">Merged</th>
  <th scope="col" class="num">For each merged</th>`;

function figureCells(of: Figures): Markup {
  return html`<td class="num" data-label="Runs">${of.runs.toLocaleString('en-US')}</td>
    <td class="num" data-label="Spent">${dollars(of.usd)}</td>
    <td class="num" data-label="Merged">${of.merged.toLocaleString('en-US')}</td>
    <td class="num" data-label="For each merged">${perMerged(of)}</td>`;
}

const perMerged = ({ usdPerMerged }: Figures): string => (usdPerMerged === null ? '–' : dollars(usdPerMerged));

/** `27 Nov` */
function shortDay(day: string): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(day));
}
