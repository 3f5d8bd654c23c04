import { html } from 'hono/html';
import type { Project } from '../domain/project.ts';
import type { Markup } from './layout.ts';
import { listTable } from './table.ts';
import { moment } from './words.ts';

const HEADS = ['Project', 'Reached by', 'Runs start at', 'Last looked at (UTC)', { unseen: 'See also' }];

/** The list. `next`: behind which project it goes on. */
export function projectsPage({
  projects,
  next,
  mayAdd,
}: {
  projects: Project[];
  next: string | null;
  mayAdd: boolean;
}): Markup {
  return html`<div class="heading">
      <h1>Projects</h1>
      ${mayAdd ? html`<a class="button" href="/ui/projects/new">Add a project</a>` : ''}
    </div>
    <p class="hint">Repositories that the app is on are here by themselves.</p>
    ${projects.length === 0 ? html`<p class="empty">There is none that you may read.</p>` : listTable(HEADS, projects.map(row))}
    ${next === null ? '' : html`<nav class="actions" aria-label="More"><a class="button quiet" href="/ui/projects?after=${encodeURIComponent(next)}">More</a></nav>`}`;
}

function row(project: Project): Markup {
  const id = encodeURIComponent(project.id);
  return html`<tr>
    <th scope="row" class="whole">
      <a href="/ui/projects/${id}">${project.name}</a>
    </th>
    <td data-label="Reached by">${reachedBy(project)}</td>
    <td data-label="Runs start at"><code>${project.baseBranch ?? project.defaultBranch ?? '–'}</code></td>
    <td data-label="Last looked at (UTC)">${project.syncedAt ? moment(project.syncedAt) : 'never'}</td>
    <td class="whole links">
      <a href="/ui/runs?project=${id}">Runs<span class="hidden"> of ${project.name}</span></a> ·
      <a href="/ui/costs?project=${id}">Costs<span class="hidden"> of ${project.name}</span></a>
    </td>
  </tr>`;
}

/** How NOFX gets at its files. */
export function reachedBy({ installationId, removedAt, localPath, tokenEnv }: Project): Markup | string {
  if (installationId !== null) return removedAt === null ? 'the app' : 'nothing: the app was taken off it';
  if (localPath !== null) return 'this machine’s disk';
  return tokenEnv === null ? 'no token: it can be read at most' : html`the token in <code>${tokenEnv}</code>`;
}
