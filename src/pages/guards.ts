import { randomBytes } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { byCookie } from '../api/authenticate.ts';
import { LINK_COOKIE, linkPaths, withLink } from '../api/link.ts';
import { ApiProblem } from '../api/problem.ts';
import { isFromOurPages } from '../api/same-site.ts';
import { SESSION_COOKIE, SESSION_SECONDS } from '../api/sessions.ts';
import type { PageDeps, PageEnv } from './env.ts';

/** Ties the forms that strangers see, which is the one to sign in, to their browser. */
const STRANGER_COOKIE = 'nofx_form';

export const SIGN_IN = '/ui/sign-in';

/** Says who it is, and shows strangers where to sign in. */
export function signedIn(deps: PageDeps): MiddlewareHandler<PageEnv> {
  return async (c, next) => {
    const person = await byCookie(c, deps);
    const principal = withLink(c, deps, person);
    c.set('principal', principal);
    c.set('formToken', deps.sessions.formToken(person ? getCookie(c, SESSION_COOKIE)! : strangerCookie(c, deps)));
    if (principal !== null || c.req.path === SIGN_IN) return next();
    if (c.req.method !== 'GET') throw new ApiProblem('forbidden', { detail: 'You are not signed in any more.' });
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(`${SIGN_IN}?to=${encodeURIComponent(pathname + search)}`, 303);
  };
}

/**
 * Lets somebody in who comes by the link of a run. What opens it goes from the address into a cookie for this run alone, so
 * that nobody copies or sends it along by mistake.
 */
export function enterByLink(deps: PageDeps): MiddlewareHandler<PageEnv, '/ui/runs/:runId'> {
  return async (c, next) => {
    const key = c.req.query('key');
    if (key === undefined) return next();
    const runId = c.req.param('runId');
    if (!deps.links.opens(runId, key)) throw new ApiProblem('not_found');
    for (const path of linkPaths(runId)) {
      setCookie(c, LINK_COOKIE, key, { ...cookieOptions(c, deps), path, maxAge: SESSION_SECONDS });
    }
    return c.redirect(`/ui/runs/${runId}`, 303);
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
