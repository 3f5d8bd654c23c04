import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { problemOf, type ApiProblem } from '../api/problem.ts';
import type { PageDeps, PageEnv } from './env.ts';
import { cookieOptions } from './guards.ts';

const COOKIE = 'nofx_notice';

/** What came of a form, told on the next page that is shown. */
const Notice = z.object({ kind: z.enum(['done', 'refused']), text: z.string().max(2_000) });
export type Notice = z.infer<typeof Notice>;

/** Keeps a notice until a page is shown. */
export function tell(c: Context<PageEnv>, deps: PageDeps, { kind, text }: Notice): void {
  const value = JSON.stringify({ kind, text: text.slice(0, 1_000) });
  setCookie(c, COOKIE, value, { ...cookieOptions(c, deps), maxAge: 60 });
}

/** Keeps what was refused for the next page. Our own faults, and what is not there, are thrown on. */
export function tellRefused(c: Context<PageEnv>, deps: PageDeps, thrown: unknown): void {
  const problem = problemOf(thrown);
  if (problem.kind === 'internal' || problem.kind === 'not_found') throw thrown;
  tell(c, deps, { kind: 'refused', text: wordsOf(problem) });
}

/** What was refused, and what to do about it. */
export function wordsOf({ message, facts }: ApiProblem): string {
  return [message, facts.next].filter(Boolean).join(' ');
}

/** The notice that was kept, once. */
export function takeNotice(c: Context<PageEnv>): Notice | undefined {
  const value = getCookie(c, COOKIE);
  if (value === undefined) return undefined;
  deleteCookie(c, COOKIE, { path: '/' });
  try {
    return Notice.safeParse(JSON.parse(value)).data;
  } catch {
    return undefined;
  }
}
