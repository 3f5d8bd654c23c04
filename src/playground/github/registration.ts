import { randomBytes } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { html } from 'hono/html';
import type { Env } from './auth.ts';
import { layout } from './page-parts.ts';
import { notFound } from './respond.ts';
import { appShape } from './shape-accounts.ts';
import type { Manifest } from './types.ts';
import type { Webhooks } from './webhooks.ts';
import { addAccount, type World } from './world.ts';

/**
 * Registering an app from a manifest: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
 *
 * The stand-in knows one app, so the one that is registered is that one, under its new name, with its new webhook. Unlike
 * GitHub it takes a webhook's address on this machine, and asks nobody to sign in.
 */
export function registrationPages(world: World): Hono {
  const pages = new Hono();
  const ask = async (c: Context) => {
    const { manifest } = await c.req.parseBody();
    const wanted = manifestIn(manifest);
    if (!wanted) return c.html(layout('Register new GitHub App', html`<p>Error: the manifest is not valid.</p>`), 400);
    const action = `/settings/apps?state=${encodeURIComponent(c.req.query('state') ?? '')}`;
    const owner = c.req.param('organization') ?? world.app.owner.login;
    return c.html(
      layout(
        'Register new GitHub App',
        html`<p>${owner} will own it. Its webhooks go to <code>${wanted.hook_attributes.url}</code>.</p>
          <form method="post" action="${action}">
            <input type="hidden" name="manifest" value="${JSON.stringify(wanted)}" />
            <input type="hidden" name="owner" value="${owner}" />
            <p>
              <label>GitHub App name <input name="name" value="${wanted.name}" required /></label>
            </p>
            <p><button>Create GitHub App for ${owner}</button></p>
          </form>`,
      ),
    );
  };
  pages.post('/settings/apps/new', ask);
  pages.post('/organizations/:organization/settings/apps/new', ask);

  pages.post('/settings/apps', async (c) => {
    const { manifest, name, owner } = await c.req.parseBody();
    const wanted = manifestIn(manifest);
    if (!wanted || typeof name !== 'string' || typeof owner !== 'string')
      return c.text('The form is not complete.', 400);
    const code = randomBytes(20).toString('hex');
    world.manifests.set(code, { ...wanted, name, owner });
    const back = new URL(wanted.redirect_url);
    back.searchParams.set('code', code);
    back.searchParams.set('state', c.req.query('state') ?? '');
    return c.redirect(back.href);
  });

  pages.get('/apps/:slug/installations/new', (c) =>
    c.html(layout(`Install ${world.app.name}`, html`<p>In the playground, whoever makes a repository says so.</p>`)),
  );
  return pages;
}

/** A code is good for one conversion. */
export function registrationRoutes(world: World, webhooks: Webhooks): Hono<Env> {
  const routes = new Hono<Env>();
  routes.post('/app-manifests/:code/conversions', (c) => {
    const manifest = world.manifests.get(c.req.param('code')) ?? notFound();
    world.manifests.delete(c.req.param('code'));
    const secret = randomBytes(20).toString('hex');
    const { app } = world;
    app.name = manifest.name;
    app.owner = addAccount(world, manifest.owner, manifest.owner === app.owner.login ? 'User' : 'Organization');
    app.permissions = manifest.default_permissions;
    app.events = manifest.default_events;
    webhooks.configure({ url: manifest.hook_attributes.url, secret });
    return c.json(
      {
        ...appShape(world),
        client_secret: randomBytes(20).toString('hex'),
        webhook_secret: secret,
        pem: app.privateKey,
      },
      201,
    );
  });
  return routes;
}

function manifestIn(text: unknown): Manifest | null {
  if (typeof text !== 'string') return null;
  try {
    const { name, redirect_url, hook_attributes, default_permissions, default_events } = JSON.parse(text) as Manifest;
    const complete = name && URL.canParse(redirect_url) && URL.canParse(hook_attributes.url);
    return complete ? { name, redirect_url, hook_attributes, default_permissions, default_events } : null;
  } catch {
    return null;
  }
}
