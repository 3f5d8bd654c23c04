import { html } from 'hono/html';
import type { Project } from '../domain/project.ts';
import { choice, field } from './form.ts';
import { formField, type Markup } from './layout.ts';
import { reachedBy } from './projects-page.ts';
import { moment } from './words.ts';

/** A form as it was sent, and what is wrong with it. */
export type Filled = { values: Record<string, string>; mistakes: Record<string, string>; problem?: string };

const GIT_MODES: [string, string][] = [
  ['basic', 'Basic: words for developers'],
  ['hidden', 'Hidden: no word of git'],
  ['advanced', 'Advanced: with the names of tools'],
];
const TOKEN_HINT = 'GITHUB_TOKEN, GIT_TOKEN, or one that begins with NOFX_TOKEN_, in the environment of this server.';

export function newProjectPage({ values, mistakes, problem }: Filled, formToken: string): Markup {
  const at = (name: string) => ({ name, value: values[name] ?? '', mistake: mistakes[name] });
  return html`<p class="crumbs"><a href="/ui/projects">Projects</a></p>
    <h1>Add a project</h1>
    <p>A repository that the app is not on: it is reached by a personal token, or it lies on this machine.</p>
    ${problem ? html`<p class="notice refused" role="alert">${problem}</p>` : ''}
    <form class="settings panel" method="post" action="/ui/projects" novalidate>
      ${formField(formToken)} ${field({ ...at('name'), label: 'Name', attributes: html`required maxlength="200"` })}
      ${field({
        ...at('repo_url'),
        label: 'Address of the repository',
        hint: 'https, without a user or password. Or else:',
        attributes: html`type="url" placeholder="https://github.com/org/new-repo"`,
      })}
      ${field({
        ...at('local_path'),
        label: 'Folder on this machine',
        hint: 'In one that NOFX_LOCAL_ROOTS names. NOFX commits to branches of its own there, and leaves what you have checked out alone.',
      })}
      ${field({ ...at('token_env'), label: 'Variable with the personal token', hint: TOKEN_HINT, attributes: html`spellcheck="false"` })}
      ${field({ ...at('default_branch'), label: 'Branch that runs start at', hint: 'Empty: at the repository’s own default branch.' })}
      ${choice({ ...at('git_mode'), label: 'How much git people are shown', options: GIT_MODES })}
      <div class="actions">
        <button>Add</button>
        <a class="button quiet" href="/ui/projects">Back</a>
      </div>
    </form>`;
}

export function projectPage({
  project,
  may,
  filled,
  formToken,
}: {
  project: Project;
  may: { change: boolean; sync: boolean; remove: boolean };
  /** what was refused just now */
  filled: Filled | undefined;
  formToken: string;
}): Markup {
  const { id, name, repoUrl, localPath, syncedAt, removedAt } = project;
  const path = `/ui/projects/${encodeURIComponent(id)}`;
  return html`<p class="crumbs"><a href="/ui/projects">Projects</a></p>
    <h1>${name}</h1>
    <dl class="facts">
      <dt>Where</dt>
      <dd>
        ${repoUrl ? html`<a href="${repoUrl.replace(/\.git$/, '')}">${repoUrl}</a>` : html`<code>${localPath ?? ''}</code>`}
      </dd>
      <dt>Reached by</dt>
      <dd>${reachedBy(project)}</dd>
      <dt>Its default branch</dt>
      <dd><code>${project.defaultBranch ?? 'not known yet'}</code></dd>
      <dt>Last looked at</dt>
      <dd>${syncedAt ? html`${moment(syncedAt)} UTC` : 'never'}</dd>
      ${
        removedAt
          ? html`<dt>Taken off</dt>
              <dd>${moment(removedAt)} UTC</dd>`
          : ''
      }
      <dt>Id</dt>
      <dd><code>${id}</code></dd>
    </dl>
    <div class="actions">
      <a class="button quiet" href="/ui/runs?project=${encodeURIComponent(id)}">Runs</a>
      <a class="button quiet" href="/ui/costs?project=${encodeURIComponent(id)}">Costs</a>
      ${
        may.sync
          ? html`<form method="post" action="${path}/sync">
              ${formField(formToken)}<button class="quiet">Look whether it can be reached</button>
            </form>`
          : ''
      }
      ${may.remove ? html`<a class="button quiet" href="${path}/delete">Delete…</a>` : ''}
    </div>
    ${may.change ? settings(project, filled, path, formToken) : ''}`;
}

function settings(project: Project, filled: Filled | undefined, path: string, formToken: string): Markup {
  const now: Record<string, string | null> = {
    name: project.name,
    default_branch: project.baseBranch,
    git_mode: project.gitMode,
    workspace_mode: project.workspaceMode,
    token_env: project.tokenEnv,
  };
  const at = (name: string) => ({
    name,
    value: filled?.values[name] ?? now[name] ?? '',
    mistake: filled?.mistakes[name],
  });
  const isOurs = project.installationId === null;
  return html`<section aria-labelledby="settings">
    <h2 id="settings">Settings</h2>
    <p class="hint">What the repository’s own <code>.github/nofx.yml</code> says goes before.</p>
    ${filled?.problem ? html`<p class="notice refused" role="alert">${filled.problem}</p>` : ''}
    <form class="settings panel" method="post" action="${path}" novalidate>
      ${formField(formToken)}
      ${isOurs ? field({ ...at('name'), label: 'Name', attributes: html`required maxlength="200"` }) : ''}
      ${field({ ...at('default_branch'), label: 'Branch that runs start at', hint: 'Empty: at the repository’s own default branch.' })}
      ${choice({ ...at('git_mode'), label: 'How much git people are shown', options: GIT_MODES })}
      ${
        project.localPath === null
          ? choice({
              ...at('workspace_mode'),
              label: 'How a run gets its files',
              options: [
                ['worktree', 'A worktree of a mirror: quick'],
                ['clone', 'A clone of its own: apart from all others'],
              ],
            })
          : ''
      }
      ${isOurs && project.localPath === null ? field({ ...at('token_env'), label: 'Variable with the personal token', hint: TOKEN_HINT, attributes: html`spellcheck="false"` }) : ''}
      <div class="actions"><button>Save</button></div>
    </form>
  </section>`;
}
