import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { requestId } from 'hono/request-id';
import { guardedHeaders } from '../api/headers.ts';
import { ApiProblem } from '../api/problem.ts';
import { rateLimited } from '../api/rate-limit.ts';
import { sameSite } from '../api/same-site.ts';
import { storable } from '../api/storable.ts';
import { cleanPages } from './clean.ts';
import { costRoutes } from './costs.ts';
import type { PageDeps, PageEnv } from './env.ts';
import { checkedForms, enterByLink, signedIn } from './guards.ts';
import { answerProblemPage } from './problem-page.ts';
import { projectRoutes } from './projects.ts';
import { queueRoutes } from './queue.ts';
import { runRoutes } from './run.ts';
import { searchRoutes } from './search.ts';
import { runsRoutes } from './runs.ts';
import { signInRoutes } from './sign-in.ts';
import { staticRoutes } from './static.ts';

/** Nothing is loaded from elsewhere, no script but our own file, no style in the markup. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const MAX_FORM_BYTES = 64 * 1024;

/** The pages for people: rendered here, whole without a script. Whatever stands below `/ui` needs somebody signed in. */
export function createPages(deps: PageDeps): Hono<PageEnv> {
  const pages = new Hono<PageEnv>();
  pages.onError(answerProblemPage(deps));
  pages.get('/', (c) => c.redirect('/ui/runs'));
  pages.use(
    '/ui/*',
    requestId(),
    // Not `no-referrer`: with it browsers hide the origin of our own forms from us.
    cleanPages(deps.adapters.redact),
    guardedHeaders({ 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'same-origin' }),
  );
  staticRoutes(pages);
  pages.get('/ui/runs/:runId', enterByLink(deps));
  pages.use(
    '/ui/*',
    signedIn(deps),
    rateLimited(),
    sameSite(),
    bodyLimit({ maxSize: MAX_FORM_BYTES }),
    storable(),
    checkedForms(deps),
  );
  signInRoutes(pages, deps);
  runsRoutes(pages, deps);
  runRoutes(pages, deps);
  projectRoutes(pages, deps);
  costRoutes(pages, deps);
  searchRoutes(pages, deps);
  queueRoutes(pages, deps);
  pages.all('/ui/*', () => {
    throw new ApiProblem('not_found');
  });
  return pages;
}
