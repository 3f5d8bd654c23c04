import type { HttpBindings } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { authenticate, type Env } from './auth.ts';
import { faultResponse, type Faults } from './faults.ts';
import { appRoutes } from './routes-app.ts';
import { checkRoutes } from './routes-checks.ts';
import { deliveryRoutes } from './routes-deliveries.ts';
import { gitRoutes } from './routes-git.ts';
import { graphqlRoutes } from './routes-graphql.ts';
import { issueRoutes } from './routes-issues.ts';
import { pullRoutes } from './routes-pulls.ts';
import { registrationRoutes } from './registration.ts';
import { reactionRoutes } from './routes-reactions.ts';
import { reviewRoutes } from './routes-reviews.ts';
import { repositoryRoutes } from './routes-repository.ts';
import { teamRoutes } from './routes-teams.ts';
import type { Webhooks } from './webhooks.ts';
import { fullName, type World } from './world.ts';

/** One REST request and its answer, as it was received and sent. */
export type Exchange = {
  method: string;
  /** Below `/api/v3`, without the query, still percent-encoded. */
  path: string;
  query: Record<string, string>;
  accept: string;
  /** Parsed JSON; the text itself when it is not JSON; undefined when empty. */
  body: unknown;
  status: number;
  responseBody: unknown;
  /** True when a fault stands in for the answer. */
  faulted: boolean;
};

const RATE_LIMIT = 15_000;

/** GitHub's REST API below `/api/v3`, and the little there is of `/api/graphql`. */
export function restApi(world: World, webhooks: Webhooks, faults: Faults, record: (exchange: Exchange) => void) {
  const rest = new Hono<Env & { Bindings: HttpBindings }>({ getPath: (request) => pathOf(world, request) });
  rest.onError((error) => {
    if (error instanceof HTTPException) return error.getResponse();
    // A mistake of the stand-in: it must be seen, not taken for GitHub's.
    console.error(error);
    return Response.json({ message: `GitHub stand-in failed: ${error.message}` }, { status: 500 });
  });
  rest.notFound((c) =>
    c.json({ message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' }, 404),
  );
  rest.use(recorded(record, faults));
  rest.use(headers());
  rest.use(authenticate(world));
  rest.get('/rate_limit', (c) => {
    const core = { limit: RATE_LIMIT, used: 0, remaining: RATE_LIMIT, reset: resetTime() };
    return c.json({ resources: { core, search: core }, rate: core });
  });
  for (const routes of [
    appRoutes(world),
    registrationRoutes(world, webhooks),
    deliveryRoutes(webhooks),
    checkRoutes(world),
    repositoryRoutes(world),
    gitRoutes(world),
    graphqlRoutes(world),
    issueRoutes(world),
    reactionRoutes(world),
    pullRoutes(world),
    teamRoutes(world),
    reviewRoutes(world),
  ]) {
    rest.route('/', routes);
  }
  return rest;
}

/** `/api/v3/…` without its prefix; `/repositories/{id}/…`, which redirects lead to, as `/repos/{owner}/{repo}/…`. */
function pathOf(world: World, request: Request): string {
  const path = belowApi(request.url);
  const byId = /^\/repositories\/(\d+)(\/.*)?$/.exec(path);
  const repo = byId && world.repositories.get(Number(byId[1]));
  return repo ? `/repos/${fullName(repo)}${byId[2] ?? ''}` : path;
}

function belowApi(url: string): string {
  return new URL(url).pathname.replace(/^\/api(?:\/v3)?(?=\/)/, '');
}

function recorded(
  record: (exchange: Exchange) => void,
  faults: Faults,
): MiddlewareHandler<Env & { Bindings: HttpBindings }> {
  return async (c, next) => {
    const url = new URL(c.req.url);
    const path = belowApi(c.req.url);
    const sent = await c.req.text();
    const fault = faults.take(c.req.method, path);
    if (!fault || fault.afterEffect) await next();
    if (fault?.status === 0) c.env.outgoing.destroy();
    if (fault) c.res = faultResponse({ ...fault, status: fault.status || 502 });
    const type = c.res.headers.get('content-type') ?? '';
    record({
      method: c.req.method,
      path,
      query: Object.fromEntries(url.searchParams),
      accept: c.req.header('accept') ?? '',
      body: parsed(sent),
      status: fault?.status ?? c.res.status,
      responseBody: type.startsWith('application/json') ? parsed(await c.res.clone().text()) : undefined,
      faulted: fault !== undefined,
    });
  };
}

function headers(): MiddlewareHandler {
  let used = 0;
  return async (c, next) => {
    await next();
    used += 1;
    const set: Record<string, string | number> = {
      'x-github-media-type': 'github.v3; format=json',
      'x-github-enterprise-version': '3.19.0',
      'x-github-request-id': crypto.randomUUID().toUpperCase(),
      'x-ratelimit-limit': RATE_LIMIT,
      'x-ratelimit-remaining': Math.max(0, RATE_LIMIT - used),
      'x-ratelimit-used': used,
      'x-ratelimit-reset': resetTime(),
      'x-ratelimit-resource': 'core',
    };
    for (const [name, value] of Object.entries(set)) c.res.headers.set(name, String(value));
  };
}

/** The next full hour, in seconds. */
const resetTime = (): number => (Math.floor(Date.now() / 3_600_000) + 1) * 3600;

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
