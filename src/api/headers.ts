import type { MiddlewareHandler } from 'hono';

/** What every answer says to browsers, unless it says otherwise itself: load nothing, show it nowhere else, guess no type. */
const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Strict-Transport-Security': 'max-age=15552000',
  'Cache-Control': 'no-store',
};

/** `own`: what a part of ours says otherwise. */
export function guardedHeaders(own: Partial<Record<keyof typeof HEADERS, string>> = {}): MiddlewareHandler {
  return async (c, next) => {
    await next();
    for (const [name, value] of Object.entries({ ...HEADERS, ...own })) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
  };
}
