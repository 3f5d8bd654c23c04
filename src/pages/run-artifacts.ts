import { html } from 'hono/html';
import { artifactUrl } from '../api/shapes.ts';
import type { Markup } from './layout.ts';
import type { RunFacts } from './run-facts.ts';
import { listTable } from './table.ts';
import { bytes } from './words.ts';

/** More are closed at first. */
const SHOWN = 8;

/** What the run has made, to be saved; each with the hash that it is checked against. */
export function artifactTable({ run, artifacts, steps }: RunFacts): Markup | string {
  if (artifacts.length === 0) return '';
  const total = artifacts.reduce((sum, { size }) => sum + size, 0);
  const names = new Map(steps.map(({ id, name }) => [id, name]));
  return html`<section aria-labelledby="artifacts">
    <h2 id="artifacts">Artifacts</h2>
    <details id="artifact-list" ${artifacts.length <= SHOWN ? 'open' : ''}>
      <summary>${artifacts.length} artifact${artifacts.length === 1 ? '' : 's'}, ${bytes(total)}</summary>
      ${listTable(
        ['Name', 'Step', { figures: 'Size' }, 'SHA-256'],
        artifacts.map(
          ({ stepId, name, size, sha256 }) =>
            html`<tr>
              <td class="whole"><a href="${artifactUrl(run.id, stepId, name)}">${name}</a></td>
              <td data-label="Step">${names.get(stepId) ?? ''}</td>
              <td data-label="Size" class="num">${bytes(size)}</td>
              <td class="whole"><code class="hash">${sha256}</code></td>
            </tr>`,
        ),
      )}
    </details>
  </section>`;
}
