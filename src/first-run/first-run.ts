import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono, type Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';
import { parse } from 'yaml';
import { AppTemplate, checkWish, manifestOf, type CreatedApp } from '../domain/app-manifest.ts';
import { sameSecret } from '../domain/same-secret.ts';
import { asError, messageOf, UserError } from '../errors.ts';
import type { PageEnv } from '../pages/env.ts';
import { staticRoutes } from '../pages/static.ts';
import { assertWritable, keepApp, type Places } from './keep.ts';
import { askPage, closedPage, createdPage, problemPage, reviewPage, type Missing } from './views.ts';

const COOKIE = 'nofx_first_run';
const CALLBACK = '/created';

export type FirstRunOptions = Places & {
  /** `https://github.com`, or the Enterprise host's */
  githubUrl: string;
  /** what the form says at first */
  publicUrl: string | null;
  /** what a person will still have to set in `.env` */
  missing: Missing[];
  createApp(code: string): Promise<CreatedApp>;
};

export type FirstRun = {
  app: Hono<PageEnv>;
  /** what the link must end in: who has it may make the app */
  token: string;
  /** Ends once there is an app, with the variables that were written for it. */
  created: Promise<Record<string, string>>;
};

/**
 * What a NOFX without an app serves: the way to one, by GitHub's manifest flow, and nothing else. Whoever makes the app
 * decides whom NOFX obeys, so all of it is closed but to the holder of the link that the terminal shows.
 */
export async function createFirstRun(options: FirstRunOptions): Promise<FirstRun> {
  const template = AppTemplate.parse(parse(await readFile(join(import.meta.dirname, '../../app.yml'), 'utf8')));
  const token = randomBytes(24).toString('base64url');
  const state = randomBytes(24).toString('base64url');
  const created = Promise.withResolvers<Record<string, string>>();
  const loopback = options.githubUrl.startsWith('http:');
  /** What was written into the form last, until GitHub leads back once: its answer brings nothing of it along. */
  let publicUrl: string | null = null;

  const app = new Hono<PageEnv>();
  app.onError((thrown, c) => {
    const error = asError(thrown);
    return error instanceof UserError
      ? c.html(problemPage(error.message, error.next), 409)
      : c.html(problemPage(error.message, 'Begin again.'), 500);
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ['data:'],
        formAction: ["'self'", options.githubUrl],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      // GitHub gets the origin of the form, as it does from Probot's own page, and no more.
      referrerPolicy: 'strict-origin-when-cross-origin',
      strictTransportSecurity: false,
    }),
  );
  staticRoutes(app);
  app.use(async (c, next) => {
    c.header('Cache-Control', 'no-store');
    const given = c.req.query('token');
    if (c.req.path === '/' && given !== undefined && sameSecret(given, token)) {
      // Out of the address, so that it stays in no history.
      setCookie(c, COOKIE, token, { path: '/', httpOnly: true, sameSite: 'Lax' });
      return c.redirect('/', 303);
    }
    return sameSecret(getCookie(c, COOKIE) ?? '', token) ? next() : c.html(closedPage(), 403);
  });

  app.get('/', async (c) => {
    const { address, organization = '' } = c.req.query();
    if (address === undefined)
      return c.html(askPage({ address: publicUrl ?? options.publicUrl ?? '', organization }, {}, options.githubUrl));
    const wish = checkWish({ address, organization }, { loopback });
    if (!wish.ok) return c.html(askPage({ address, organization }, wish.mistakes, options.githubUrl), 422);
    await assertWritable(options);
    ({ publicUrl } = wish);
    const manifest = manifestOf(template, { publicUrl: wish.publicUrl, redirectUrl: here(c) + CALLBACK });
    const owner = wish.organization === null ? '' : `/organizations/${wish.organization}`;
    return c.html(
      reviewPage({
        manifest,
        organization: wish.organization,
        action: `${options.githubUrl}${owner}/settings/apps/new?state=${state}`,
      }),
    );
  });

  app.get(CALLBACK, async (c) => {
    const { code, state: brought = '' } = c.req.query();
    if (code === undefined || publicUrl === null || !sameSecret(brought, state))
      throw new UserError('GitHub’s answer does not belong to what was asked for here.', 'Begin again.');
    const url = publicUrl;
    publicUrl = null;
    const made = await options.createApp(code);
    created.resolve(await kept(made, url));
    // The server closes now and NOFX takes its place: no browser should keep a connection to it.
    c.header('Connection', 'close');
    return c.html(createdPage(made, options));
  });

  /** Its key is handed out once: where it cannot be kept, the app is of no use to anybody. */
  const kept = (made: CreatedApp, url: string) =>
    keepApp(made, url, options).catch((error: unknown) => {
      throw new UserError(
        `${made.name} is registered, but its settings could not be written: ${messageOf(error)}`,
        `Delete it on its page, ${made.url}, see to that, and begin again.`,
        { cause: error },
      );
    });

  app.get('/ui/*', (c) => c.redirect('/'));
  app.notFound((c) => c.html(problemPage('There is no such page.', 'This NOFX has no app yet.'), 404));
  return { app, token, created: created.promise };
}

/** How the browser reaches this process right now: GitHub leads it back there. */
function here(c: Context): string {
  const { host } = new URL(c.req.url);
  return `${c.req.header('x-forwarded-proto') === 'https' ? 'https' : 'http'}://${host}`;
}
