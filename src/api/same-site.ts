import type { MiddlewareHandler } from 'hono';
import { ApiProblem } from './problem.ts';

/**
 * Refuses what another site has a browser send: a browser that knows the admin's password adds it by itself, whoever made
 * it ask. Programs send neither header.
 */
export function sameSite(): MiddlewareHandler {
  return async (c, next) => {
    const site = c.req.header('sec-fetch-site');
    const origin = c.req.header('origin');
    const foreign =
      (site !== undefined && site !== 'same-origin' && site !== 'none') ||
      (origin !== undefined && hostOf(origin) !== c.req.header('host'));
    // To read, a browser needs our leave (CORS), which nobody gets.
    if (foreign && c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      throw new ApiProblem('forbidden', { detail: 'Other sites may not send requests here.' });
    }
    return next();
  };
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
