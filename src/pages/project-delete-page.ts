import { html } from 'hono/html';
import type { Project } from '../domain/project.ts';
import { formField, type Markup } from './layout.ts';

/** Asks once more before a project is deleted: what goes with it, and what stays. */
export function projectDeletePage({
  project: { id, name, repoUrl, localPath, tokenEnv },
  runs,
  isBusy,
  formToken,
}: {
  project: Project;
  /** how many there are, in words; null where there are none */
  runs: string | null;
  /** one of them is not over */
  isBusy: boolean;
  formToken: string;
}): Markup {
  const path = `/ui/projects/${encodeURIComponent(id)}`;
  return html`<p class="crumbs"><a href="/ui/projects">Projects</a> · <a href="${path}">${name}</a></p>
    <h1>Delete ${name}?</h1>
    <section class="panel" aria-labelledby="goes">
      <h2 id="goes">What goes, for good</h2>
      <ul>
        <li>What is settled for it here, and the webhooks that were added for it.</li>
        ${runs === null ? html`<li>No runs: it has none.</li>` : html`<li>Its ${runs}: what happened in them, their artifacts, and what they have cost.</li>`}
      </ul>
      <h2>What stays</h2>
      <ul>
        <li>
          The repository, <code>${repoUrl ?? localPath ?? ''}</code>, with the branches and pull requests that NOFX has
          made there.
        </li>
        ${tokenEnv === null ? '' : html`<li>The token in <code>${tokenEnv}</code>, for whatever else names it.</li>`}
      </ul>
    </section>
    ${
      isBusy
        ? html`<p class="notice refused" role="alert">
            A run of it is under way. Cancel it, or wait for its end:
            <a href="/ui/runs?project=${encodeURIComponent(id)}">its runs</a>.
          </p>`
        : ''
    }
    <div class="actions">
      ${
        isBusy
          ? ''
          : html`<form method="post" action="${path}/delete">
              ${formField(formToken)} ${runs === null ? '' : html`<input type="hidden" name="runs" value="delete" />`}
              <button class="danger">${runs === null ? 'Delete it' : `Delete it and its ${runs}`}</button>
            </form>`
      }
      <a class="button quiet" href="${path}">Back</a>
    </div>`;
}
