import { html } from 'hono/html';
import type { CreatedApp, manifestOf, Wish } from '../domain/app-manifest.ts';
import { field } from '../pages/form.ts';
import { page, type Markup } from '../pages/layout.ts';

/** The few pages of a NOFX without an app. */

/** A setting that is not there, and what it is for. */
export type Missing = { name: string; why: string };

const plain = (title: string, body: Markup): Markup =>
  page({ title, body: html`<div class="setup">${body}</div>`, principal: null, formToken: '' });

/** First: whose app, and where this server is. */
export function askPage(wish: Wish, mistakes: Partial<Record<keyof Wish, string>>, githubUrl: string): Markup {
  const { host } = new URL(githubUrl);
  return plain(
    'Connect to GitHub',
    html`<h1>Connect NOFX to GitHub</h1>
      <p>
        NOFX works as a GitHub App of your own. Two answers, one click on ${host}, and it is registered with just the
        permissions it needs; its key stays on this machine.
      </p>
      ${steps(1)}
      <form method="get" action="/" class="panel" novalidate>
        ${field({
          name: 'address',
          label: 'Where can GitHub reach this server?',
          hint: 'Its address on the internet, or that of a tunnel to it. GitHub sends its events there.',
          value: wish.address,
          mistake: mistakes.address,
          attributes: html`type="url" inputmode="url" placeholder="https://nofx.example.com" required`,
        })}
        ${field({
          name: 'organization',
          label: 'Which organization shall own the app?',
          hint: 'Empty: your own account. You must be an owner of the organization.',
          value: wish.organization,
          mistake: mistakes.organization,
          attributes: html`type="text" autocapitalize="none" spellcheck="false"`,
        })}
        <button>Go on</button>
      </form>
      <div class="grid">
        <section>
          <h2>Only looking?</h2>
          <p>
            <code>npm run demo</code> plays the whole story on this machine: an issue, a comment, a tested pull request.
            It needs no account and no key.
          </p>
        </section>
        <section>
          <h2>You have an app?</h2>
          <p>
            Set <code>APP_ID</code>, <code>PRIVATE_KEY_PATH</code> and <code>WEBHOOK_SECRET</code> in
            <code>.env</code> and start NOFX again.
          </p>
        </section>
      </div>`,
  );
}

/** Second: what GitHub will be asked for. The button leads to GitHub, where it is confirmed. */
export function reviewPage({
  manifest,
  organization,
  action,
}: {
  manifest: ReturnType<typeof manifestOf>;
  organization: string | null;
  action: string;
}): Markup {
  const { host } = new URL(action);
  const permissions = Object.entries(manifest.default_permissions);
  return plain(
    'Review the app',
    html`<h1>This is what ${host} will be asked for</h1>
      ${steps(2)}
      <div class="panel">
        <dl class="facts">
          <dt>Owner</dt>
          <dd>${organization ?? 'your own account'}</dd>
          <dt>Events go to</dt>
          <dd><code>${manifest.hook_attributes.url}</code></dd>
          <dt>Seen by</dt>
          <dd>${manifest.public ? 'everybody on GitHub' : 'its owner only'}</dd>
        </dl>
        <table>
          <caption>
            <h2>Permissions</h2>
          </caption>
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col">May</th>
            </tr>
          </thead>
          <tbody>
            ${permissions.map(
              ([name, level]) =>
                html`<tr>
                  <th scope="row">${name.replaceAll('_', ' ')}</th>
                  <td>${level === 'write' ? 'read and write' : 'read'}</td>
                </tr>`,
            )}
          </tbody>
        </table>
        <p class="hint">It hears of: ${manifest.default_events.map((name) => name.replaceAll('_', ' ')).join(', ')}.</p>
        <form method="post" action="${action}">
          <input type="hidden" name="manifest" value="${JSON.stringify(manifest)}" />
          <div class="actions">
            <button>Create it on ${host}</button>
            <a class="button quiet" href="/?organization=${encodeURIComponent(organization ?? '')}">Back</a>
          </div>
        </form>
        <p class="hint">${host} asks for a name, which must be free, and leads you back here.</p>
      </div>`,
  );
}

/** Third: there it is. */
export function createdPage(app: CreatedApp, { envFile, missing }: { envFile: string; missing: Missing[] }): Markup {
  return plain(
    'The app is there',
    html`<h1>${app.name} is registered</h1>
      ${steps(3)}
      <div class="panel">
        <p class="notice done" role="status">
          Its settings are in <code>${envFile}</code>, for you alone. NOFX is starting with them.
        </p>
        <p>Now let it into the repositories that it shall work on:</p>
        <div class="actions">
          <a class="button" href="${app.url}/installations/new">Install it on repositories</a>
          <a class="button quiet" href="/ui/runs">Open NOFX</a>
        </div>
        <p>Then write a comment on an issue there: <code>/nofx add a slugify helper</code></p>
      </div>
      ${
        missing.length === 0
          ? ''
          : html`<section>
              <h2>Still to be set</h2>
              <ul>
                ${missing.map(({ name, why }) => html`<li><code>${name}</code>: ${why}</li>`)}
              </ul>
              <p class="hint">Write them into <code>${envFile}</code> and start NOFX again.</p>
            </section>`
      }`,
  );
}

/** For whoever does not come by the link. */
export function closedPage(): Markup {
  return plain(
    'Closed',
    html`<h1>This NOFX waits to be set up</h1>
      <p>Open the link that it shows in the terminal where it was started.</p>`,
  );
}

export function problemPage(what: string, next: string): Markup {
  return plain(
    'That did not work',
    html`<h1>That did not work</h1>
      <p class="notice refused" role="alert">${what}</p>
      <p>${next}</p>
      <p><a class="button" href="/">Begin again</a></p>`,
  );
}

const STEPS = ['Say where', 'Create it', 'Install it'];

function steps(now: number): Markup {
  return html`<ol class="steps" aria-label="Steps">
    ${STEPS.map((name, at) => html`<li ${at + 1 === now ? html`aria-current="step"` : ''}>${name}</li>`)}
  </ol>`;
}
