import { html } from 'hono/html';
import { artifactUrl } from '../api/shapes.ts';
import type { BaseRed } from '../domain/base-red.ts';
import { failsThereToo } from '../domain/report-base.ts';
import type { GateView } from '../domain/report.ts';
import { duration } from '../domain/report-words.ts';
import type { Markup } from './layout.ts';
import type { RunFacts } from './run-facts.ts';
import { prose, status } from './words.ts';

/** Where an attempt of a gate is on the page. */
export function gateId(steps: RunFacts['steps'], gate: GateView): string {
  return `gate-${steps.find(({ name }) => name === gate.step)?.position ?? gate.step}`;
}

/** The gates, each with all its attempts side by side. */
export function gates(facts: RunFacts): Markup | string {
  const { view } = facts;
  if (view.gates.length === 0) return '';
  return html`<section aria-labelledby="gates">
    <h2 id="gates">Gates</h2>
    ${view.gates.map((last) => {
      const attempts = [...(view.formerGates ?? []).filter(({ name }) => name === last.name), last];
      return html`<h3>${last.name}</h3>
        <div class="attempts">${attempts.map((gate) => attempt(facts, gate, gate === last, attempts.length))}</div>`;
    })}
  </section>`;
}

function attempt({ run, steps, artifacts }: RunFacts, gate: GateView, isLast: boolean, of: number): Markup {
  const step = steps.find(({ name }) => name === gate.step);
  const log = artifacts.find(({ stepId, name }) => stepId === step?.id && name === 'output.log');
  const ended = [
    gate.exitCode !== null && `exit code ${gate.exitCode}`,
    gate.durationMs !== null && duration(gate.durationMs),
  ].filter(Boolean);
  const isOpen = isLast && gate.verdict !== 'passed';
  const id = `log-${step?.position ?? gate.step}`;
  return html`<article class="panel" id="${gateId(steps, gate)}">
    <p>
      ${of > 1 ? html`<strong>Attempt ${gate.attempt} of ${of}</strong>` : ''}
      ${gate.verdict === 'neutral' ? status('neutral', 'no verdict') : status(gate.verdict)}
      <span class="hint">${ended.join(' · ')}</span>
    </p>
    ${command(gate)} ${gate.base ? prose(failsThereToo(gate.base)) : ''} ${findings(gate)}
    ${
      gate.tail === ''
        ? ''
        : html`<details id="${id}" ${isOpen ? 'open' : ''}>
            <summary>${gate.verdict === 'running' ? 'Output so far' : 'End of its output'}</summary>
            <pre id="${id}-text" tabindex="0" role="region" aria-label="Output of ${gate.name}">${gate.tail}</pre>
          </details>`
    }
    ${gate.base ? onBase(gate, gate.base, `base-${id}`) : ''}
    ${log ? html`<p><a class="alone" href="${artifactUrl(run.id, log.stepId, log.name)}">Whole output</a></p>` : ''}
  </article>`;
}

function onBase({ name }: GateView, { tail }: BaseRed, id: string): Markup {
  return html`<details id="${id}">
    <summary>End of its output on the base</summary>
    <pre id="${id}-text" tabindex="0" role="region" aria-label="Output of ${name} on the base">${tail}</pre>
  </details>`;
}

function command({ command: run, verdict }: GateView): Markup | string {
  if (run !== null) return html`<p><code>${run}</code></p>`;
  return verdict === 'neutral' ? html`<p>No command was found for it, so it was not run.</p>` : '';
}

const SHOWN = 20;

function findings({ annotations }: GateView): Markup | string {
  if (annotations.length === 0) return '';
  const more = annotations.length - SHOWN;
  return html`<ul class="findings">
    ${annotations.slice(0, SHOWN).map(
      ({ path, line, title, message }) =>
        html`<li>
          <code>${path}:${line}</code> ${title ?? ''}
          <span class="prose">${message}</span>
        </li>`,
    )}
    ${more > 0 ? html`<li class="hint">and ${more} more</li>` : ''}
  </ul>`;
}
