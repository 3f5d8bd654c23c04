import { randomBytes } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { byCookie } from '../api/authenticate.ts';
import { ApiProblem } from '../api/problem.ts';
import { isFromOurPages } from '../api/same-site.ts';
import { SESSION_COOKIE } from '../api/sessions.ts';
import type { PageDeps, PageEnv } from './env.ts';

/** Ties the forms that strangers see, which is the one to sign in, to their browser. */
const STRANGER_COOKIE = 'nofx_form';

export const SIGN_IN = '/ui/sign-in';

/** Says who it is, and shows strangers where to sign in. */
export function signedIn(deps: PageDeps): MiddlewareHandler<PageEnv> {
  return async (c, next) => {
    // A page that says what went wrong here needs them as well.
    c.set('principal', null);
    c.set('formToken', '');
    const principal = await byCookie(c, deps);
    c.set('principal', principal);
    c.set('formToken', deps.sessions.formToken(principal ? getCookie(c, SESSION_COOKIE)! : strangerCookie(c, deps)));
    if (principal !== null || c.req.path === SIGN_IN) return next();
    if (c.req.method !== 'GET') throw new ApiProblem('forbidden', { detail: 'You are not signed in any more.' });
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(`${SIGN_IN}?to=${encodeURIComponent(pathname + search)}`, 303);
  };
}

/** Takes forms only from our own pages, in the browser that they were made for. */
export function checkedForms({ sessions }: PageDeps): MiddlewareHandler<PageEnv> {
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
    const { form } = await c.req.parseBody();
    const cookie = getCookie(c, c.get('principal') === null ? STRANGER_COOKIE : SESSION_COOKIE);
    if (!isFromOurPages(c) || cookie === undefined || typeof form !== 'string' || !sessions.isFormToken(cookie, form)) {
      throw new ApiProblem('forbidden', {
        detail: 'This form is of no page of yours, or of one that is too old.',
        next: 'Open the page again and try once more.',
      });
    }
    return next();
  };
}

/** How our cookies are set: not for scripts, not for other sites, and only encrypted wherever pages come so. */
export function cookieOptions(c: Context, { publicUrl }: Pick<PageDeps, 'publicUrl'>) {
  const secure = publicUrl?.startsWith('https:') || c.req.header('x-forwarded-proto') === 'https';
  return { path: '/', httpOnly: true, sameSite: 'Lax', secure } as const;
}

function strangerCookie(c: Context, deps: PageDeps): string {
  const known = getCookie(c, STRANGER_COOKIE);
  if (known !== undefined) return known;
  const fresh = randomBytes(18).toString('base64url');
  setCookie(c, STRANGER_COOKIE, fresh, cookieOptions(c, deps));
  return fresh;
}
