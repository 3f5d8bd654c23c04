import { html } from 'hono/html';
import { z } from 'zod';
import type { EventRow } from '../db/events.ts';
import type { EventType } from '../domain/run-events.ts';
import type { GitMode } from '../domain/project.ts';
import { stepTitlePlain } from '../domain/report-words.ts';
import type { Markup } from './layout.ts';
import type { RunFacts } from './run-facts.ts';
import { clock, statusWord } from './words.ts';

/** What is said of in an event, where it says it. */
const Payload = z.object({
  name: z.string().catch(''),
  attempt: z.number().catch(0),
  status: z.string().catch(''),
  by: z.string().catch(''),
  ahead: z.number().catch(0),
  failure: z.object({ message: z.string() }).nullable().catch(null),
});
type Payload = z.infer<typeof Payload>;

const WORDS: Record<EventType, (payload: Payload) => string> = {
  'run.created': () => 'The run was asked for',
  'run.waiting': ({ ahead }) => `It waits until ${ahead} before it ${ahead === 1 ? 'has' : 'have'} ended`,
  'run.cancel_requested': ({ by }) => `${by || 'Somebody'} wants it to stop`,
  'run.started': () => 'It began',
  'run.paused': () => 'It waits for a person',
  'run.resumed': () => 'It goes on',
  'run.succeeded': () => 'It succeeded',
  'run.neutral': () => 'It ended: there was nothing to change',
  'run.failed': ({ failure }) => `It failed${failure ? `: ${failure.message}` : ''}`,
  'run.cancelled': () => 'It was cancelled',
  'step.added': ({ name }) => `${name} was added`,
  'step.enqueued': ({ name }) => `${name} is ready`,
  'step.started': ({ name, attempt }) => `${name} began${attempt > 1 ? `, attempt ${attempt}` : ''}`,
  'step.finished': ({ name, status }) => `${name} ended: ${statusWord(status)}`,
  'step.failed': ({ name, failure }) => `${name} failed${failure ? `: ${failure.message}` : ''}`,
  'step.retried': ({ name }) => `${name} is tried again`,
  'step.returned': ({ name }) => `${name} went back into the queue`,
  'step.skipped': ({ name }) => `${name} was skipped`,
  'step.waiting': ({ name }) => `${name} waits for a person`,
  'step.approved': ({ name, by }) => `${by || 'Somebody'} said yes to ${name}`,
  'step.expired': ({ name }) => `${name} was not answered in time`,
  'step.refused': ({ name }) => `${name} was refused`,
  'queue.backpressure': () => 'It is held back until the queue is shorter',
};

/** Everything that happened, in order. */
export function timeline({ run, view, events, steps }: RunFacts): Markup {
  const titles = view.steps.map((step) => `“${stepTitlePlain(step, run.gitMode)}”`);
  const names = new Map(steps.map(({ id }, index) => [id, titles[index]!]));
  return html`<section aria-labelledby="timeline">
    <h2 id="timeline">Timeline</h2>
    <details id="events">
      <summary>${events.length} event${events.length === 1 ? '' : 's'}, times in UTC</summary>
      <ol class="events">
        ${events.map(
          (event, index) =>
            html`${newDay(event, events[index - 1])}
              <li>${clock(event.createdAt)} <span class="prose">${words(event, names, run.gitMode)}</span></li>`,
        )}
      </ol>
    </details>
  </section>`;
}

/** A run that waits for people may take days. */
function newDay({ createdAt }: EventRow, before: EventRow | undefined): Markup | string {
  const day = createdAt.toISOString().slice(0, 10);
  if (before === undefined || before.createdAt.toISOString().startsWith(day)) return '';
  return html`<li class="day"><time datetime="${day}">${day}</time></li>`;
}

function words({ type, stepId, payload }: EventRow, names: Map<string, string>, mode: GitMode): string {
  const known = Payload.parse(payload);
  // What went wrong is told above, in words for whoever it is for.
  if (mode === 'hidden') known.failure = null;
  const name = names.get(stepId ?? '') ?? (known.name || 'A step');
  return type in WORDS ? WORDS[type as EventType]({ ...known, name }) : type;
}
