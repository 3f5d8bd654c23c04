import type { Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { isAdmin, useKey } from '../api/authenticate.ts';
import { isKey } from '../api/keys.ts';
import { SESSION_COOKIE, SESSION_SECONDS, type SignedIn } from '../api/sessions.ts';
import type { PageDeps, PageEnv } from './env.ts';
import { cookieOptions, SIGN_IN } from './guards.ts';
import { formField, show } from './layout.ts';

const HOME = '/ui/runs';

/** Signing in, with the admin's password or an API key, and out. */
export function signInRoutes(pages: Hono<PageEnv>, deps: PageDeps): void {
  pages.get(SIGN_IN, (c) => {
    const to = ourPath(c.req.query('to'));
    return c.get('principal') === null ? signInPage(c, to) : c.redirect(to, 303);
  });

  pages.post(SIGN_IN, async (c) => {
    const { secret, to } = await c.req.parseBody();
    const back = ourPath(typeof to === 'string' ? to : undefined);
    const who = typeof secret === 'string' && secret !== '' ? await whoseIs(c, deps, secret.trim()) : null;
    if (who === null)
      return signInPage(c, back, 'That is neither the password of the admin nor a key that opens anything.');
    setCookie(c, SESSION_COOKIE, await deps.sessions.begin(who), {
      ...cookieOptions(c, deps),
      maxAge: SESSION_SECONDS,
    });
    return c.redirect(back, 303);
  });

  pages.post('/ui/sign-out', async (c) => {
    const cookie = getCookie(c, SESSION_COOKIE);
    if (cookie !== undefined) await deps.sessions.end(cookie);
    deleteCookie(c, SESSION_COOKIE, cookieOptions(c, deps));
    return c.redirect(SIGN_IN, 303);
  });
}

async function whoseIs(c: Context, deps: PageDeps, secret: string): Promise<SignedIn | null> {
  if (!isKey(secret)) return isAdmin(c, deps, secret) ? { kind: 'admin' } : null;
  const key = await useKey(deps.db, secret);
  return key && { kind: 'key', keyId: key.id };
}

/** Where somebody wanted to go, if it is one of our pages. */
function ourPath(wanted: string | undefined): string {
  const base = 'http://here';
  if (wanted === undefined || !URL.canParse(wanted, base)) return HOME;
  const { origin, pathname, search } = new URL(wanted, base);
  return origin === base && pathname.startsWith('/ui/') && pathname !== SIGN_IN ? pathname + search : HOME;
}

function signInPage(c: Context<PageEnv>, to: string, mistake?: string) {
  return show(
    c,
    {
      title: 'Sign in',
      body: html`<div class="door">
        <h1>Sign in</h1>
        ${mistake ? html`<p class="notice refused" role="alert" id="mistake">${mistake}</p>` : ''}
        <form method="post" action="${SIGN_IN}">
          ${formField(c.get('formToken'))}
          <input type="hidden" name="to" value="${to}" />
          <label for="secret">API key, or the admin’s password</label>
          <input
            id="secret"
            name="secret"
            type="password"
            autocomplete="current-password"
            required
            ${mistake ? html`aria-invalid="true" aria-describedby="mistake"` : ''}
          />
          <button>Sign in</button>
        </form>
        <p class="hint">
          A key is made by whoever runs this server: <code>npm run nofx -- keys create</code>. It begins with
          <code>nofx_</code>.
        </p>
      </div>`,
    },
    mistake ? 403 : 200,
  );
}
