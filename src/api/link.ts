import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Person, Principal } from '../domain/principal.ts';
import type { ApiDeps } from './env.ts';
import { ApiProblem } from './problem.ts';

/** The cookie of somebody who came by the link of a run; it is set for the addresses of that run alone. */
export const LINK_COOKIE = 'nofx_link';

/** Where a link's cookie opens something. */
export const linkPaths = (runId: string) => [`/ui/runs/${runId}`, `/runs/${runId}`, `/artifacts/runs/${runId}`];

/** The same person, or stranger, with what they may read by a link. To read only, and only what is the run's own. */
export function withLink(c: Context, { links }: Pick<ApiDeps, 'links'>, person: Person | null): Principal | null {
  const given = getCookie(c, LINK_COOKIE);
  const [, runId] = /^(?:\/ui|\/artifacts)?\/runs\/(run_\w+)(?:\/|$)/.exec(c.req.path) ?? [];
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD';
  if (!reads || given === undefined || runId === undefined || !links.opens(runId, given)) return person;
  if (person === null) return { kind: 'link', link: runId };
  return person.kind === 'admin' ? person : { ...person, link: runId };
}

/** Whoever is needed for more than to read one run. */
export function personOf(principal: Principal): Person {
  if (principal.kind === 'link') throw new ApiProblem('forbidden', { detail: 'A link is to read its run.' });
  return principal;
}
