import type { Context, MiddlewareHandler } from 'hono';
import { ApiProblem } from './problem.ts';

/**
 * Refuses what another site has a browser send: a browser that knows the admin's password adds it by itself, whoever made
 * it ask. Programs send neither header.
 */
export function sameSite(): MiddlewareHandler {
  return async (c, next) => {
    const { site, origin } = senderOf(c);
    // What the browser says of itself counts; a proxy may have changed the host that the origin is held against.
    const foreign =
      site === undefined ? origin !== undefined && !isOurs(c, origin) : site !== 'same-origin' && site !== 'none';
    // To read, a browser needs our leave (CORS), which nobody gets.
    if (foreign && c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      throw new ApiProblem('forbidden', { detail: 'Other sites may not send requests here.' });
    }
    return next();
  };
}

/** Whether a browser says that one of our own pages sent this. */
export function isFromOurPages(c: Context): boolean {
  const { site, origin } = senderOf(c);
  return site === undefined ? origin !== undefined && isOurs(c, origin) : site === 'same-origin';
}

function senderOf(c: Context): { site: string | undefined; origin: string | undefined } {
  return { site: c.req.header('sec-fetch-site'), origin: c.req.header('origin') };
}

function isOurs(c: Context, origin: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === c.req.header('host');
}
