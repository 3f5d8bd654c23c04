import { html } from 'hono/html';
import type { Markup } from './layout.ts';

type Labelled = {
  name: string;
  label: string;
  hint?: string | undefined;
  value: string;
  mistake?: string | undefined;
};

/** A field of a form, with what is wrong with it. `attributes` are more of the input's own. */
export function field({ attributes = html``, ...of }: Labelled & { attributes?: Markup }): Markup {
  return labelled(
    of,
    html`<input id="${of.name}" name="${of.name}" value="${of.value}" ${described(of)} ${attributes} />`,
  );
}

/** One of a few. */
export function choice({ options, ...of }: Labelled & { options: [value: string, label: string][] }): Markup {
  return labelled(
    of,
    html`<select id="${of.name}" name="${of.name}" ${described(of)}>
      ${options.map(
        ([value, label]) =>
          html`<option value="${value}" ${value === of.value ? html`selected` : ''}>${label}</option>`,
      )}
    </select>`,
  );
}

function described({ name, hint, mistake }: Labelled): Markup {
  const by = [mistake && `${name}-mistake`, hint && `${name}-hint`].filter(Boolean).join(' ');
  return html`${by ? html`aria-describedby="${by}"` : ''} ${mistake ? html`aria-invalid="true"` : ''}`;
}

function labelled({ name, label, hint, mistake }: Labelled, control: Markup): Markup {
  return html`<div class="field">
    <label for="${name}">${label}</label>
    ${control} ${mistake ? html`<p class="mistake" id="${name}-mistake">${sentence(label, mistake)}</p>` : ''}
    ${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : ''}
  </div>`;
}

/** The API's mistakes go on from the name of their field: `is needed`. */
function sentence(label: string, mistake: string): string {
  return /^[a-z]/.test(mistake) ? `${label} ${mistake}` : mistake;
}
