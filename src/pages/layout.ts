import type { Context } from 'hono';
import { html } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { HtmlEscapedString } from 'hono/utils/html';
import { nameOf, type Person, type Principal } from '../domain/principal.ts';
import type { PageEnv } from './env.ts';
import { takeNotice, type Notice } from './notice.ts';
import { scriptPath, stylePath } from './static.ts';

/** What `html` makes: text in it is escaped. */
export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/** The pages that can be gone to from everywhere. */
const PLACES = [
  { path: '/ui/runs', name: 'Runs' },
  { path: '/ui/projects', name: 'Projects' },
  { path: '/ui/search', name: 'Search' },
  { path: '/ui/costs', name: 'Costs' },
  { path: '/ui/queue', name: 'Queue', adminOnly: true },
] as const;

export type Place = (typeof PLACES)[number]['path'];

/** How a page stays up to date: by a stream of server-sent events, and by asking again every so many seconds. */
export type Live = {
  stream?: string;
  everySeconds: number;
  /** true where somebody may be writing: without a script the page then stays as it is until they ask for it */
  hasFields?: true;
};

export type PageParts = {
  title: string;
  /** the place in the navigation that this page is, or belongs to */
  active?: Place;
  /** `html`…`` with one `h1` */
  body: Markup;
  /** absent where nothing will change by itself */
  live?: Live | undefined;
};

/** A whole page. */
export function page({
  title,
  principal,
  formToken,
  active,
  body,
  live,
  notice,
}: PageParts & { principal: Principal | null; formToken: string; notice?: Notice | undefined }): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · NOFX</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${stylePath}" />
        ${live ? html`<script src="${scriptPath}" defer></script>` : ''}
        ${live && !live.hasFields ? html`<noscript><meta http-equiv="refresh" content="${live.everySeconds}" /></noscript>` : ''}
      </head>
      <body${live ? html` data-live="${live.stream ?? ''}" data-every="${live.everySeconds}"` : ''}>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="/ui/runs">NOFX</a>
          ${whoIsHere(principal, active, formToken)}
        </header>
        ${notice ? html`<p class="notice ${notice.kind}" role="status">${notice.text}</p>` : ''}
        <main id="main" tabindex="-1">
          ${body}
        </main>
        <p id="live-status" class="live-status" role="status"></p>
      </body>
    </html>`;
}

/** Answers with a page, for whoever asked; also where it is not known yet who that is. */
export function show(c: Context<PageEnv>, parts: PageParts, status: ContentfulStatusCode = 200) {
  return c.html(
    page({
      ...parts,
      notice: takeNotice(c),
      principal: c.get('principal') ?? null,
      formToken: c.get('formToken') ?? '',
    }),
    status,
  );
}

function navigation(principal: Person, active: Place | undefined): Markup {
  const places = PLACES.filter((place) => principal.kind === 'admin' || !('adminOnly' in place));
  return html`<nav aria-label="Pages">
    <ul>
      ${places.map(
        ({ path, name }) =>
          html`<li><a href="${path}" ${path === active ? html`aria-current="page"` : ''}>${name}</a></li>`,
      )}
    </ul>
  </nav>`;
}

function whoIsHere(principal: Principal | null, active: Place | undefined, formToken: string): Markup | string {
  if (principal === null) return '';
  if (principal.kind === 'link') {
    const back = encodeURIComponent(`/ui/runs/${principal.link}`);
    return html`<p class="who">To read only · <a href="/ui/sign-in?to=${back}">Sign in</a></p>`;
  }
  return html`${navigation(principal, active)}
    <form class="who" method="post" action="/ui/sign-out">
      <span>${nameOf(principal)}</span>
      ${formField(formToken)}
      <button class="quiet">Sign out</button>
    </form>`;
}

/** What every form that posts must hold, for the page to be believed that it sent it. */
export function formField(formToken: string): Markup {
  return html`<input type="hidden" name="form" value="${formToken}" />`;
}
