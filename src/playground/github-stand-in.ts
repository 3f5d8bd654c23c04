/**
 * A GitHub stand-in for the demo and the tests: one HTTP server that plays a GitHub Enterprise host (REST
 * under `/api/v3`, git over smart HTTP on real bare repositories, signed webhooks, a few web pages).
 *
 * It is honest work on a small part of GitHub. Where it differs:
 * - It knows one app, which may be installed on repositories of several accounts. People act through the functions
 *   returned here, and their pushes are made directly; or by a personal token, of the classic kind with the scope `repo`.
 * - State is in memory and gone with the process. Ids come from one counter.
 * - Pull requests are between branches of one repository: no forks, no merge button.
 * - Commits made over REST are unsigned (GitHub signs an app's own), and keep their time in UTC.
 * - Rate limits are counted but never reached, and content creation is not throttled: `failNext` plays both.
 * - Of GraphQL there is one mutation, `createCommitOnBranch`, whose signature nobody can check.
 * - No ETags, milestones, projects, releases or Actions. Check suites exist only
 *   as far as check runs need them. Markdown is shown as it was written.
 * - A webhook is sent the moment its cause happens, once, in no guaranteed order: GitHub may be late.
 * - `mergeable` is known at once; GitHub first says null.
 */
import { generateKeyPairSync, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { createFaults, type Fault } from './github/faults.ts';
import { gitHttp, gitPath } from './github/git-http.ts';
import { createPeople, type People } from './github/people.ts';
import { createReaders, type Readers } from './github/readers.ts';
import { restApi, type Exchange } from './github/rest.ts';
import type { App } from './github/types.ts';
import { createWebhooks, type Delivery, type WebhookTarget } from './github/webhooks.ts';
import { addAccount, type World } from './github/world.ts';
import { webPages } from './github/pages.ts';

export type { Exchange } from './github/rest.ts';
export type { Fault } from './github/faults.ts';
export type { Delivery, WebhookTarget } from './github/webhooks.ts';

export type GitHubStandInOptions = {
  /** A free port when absent. Always on 127.0.0.1. */
  port?: number;
  app?: {
    id?: number;
    slug?: string;
    name?: string;
    /** PEM; a fresh key when absent. */
    privateKey?: string;
    permissions?: Record<string, string>;
    events?: string[];
  };
  /** Where webhooks go, and the secret that signs them. May be set later by `setWebhook`. */
  webhook?: WebhookTarget;
  /** Where the bare repositories are; a temporary folder, removed by `stop()`, when absent. */
  root?: string;
  /** Sees every REST request with its answer. */
  onExchange?(exchange: Exchange): void;
  /** The stand-in's clock, for tests of expiry. */
  now?(): Date;
  /** Who comments through the form on an issue's page; the form is not shown when absent. */
  demoUser?: string;
};

export type GitHubStandIn = People &
  Readers & {
    /** `http://127.0.0.1:<port>` */
    url: string;
    /** `127.0.0.1:<port>`, for GHE_HOST (with GHE_PROTOCOL=http). */
    host: string;
    /** `<url>/api/v3`, Octokit's baseUrl. */
    apiUrl: string;
    app: { id: number; slug: string; privateKey: string };
    setWebhook(target: WebhookTarget | null): void;
    /** Sends `ping`, as GitHub does when a webhook is set up. */
    ping(): Promise<void>;
    /** Plays a fault on the next matching request(s). */
    failNext(fault: Fault): void;
    /** Every REST request so far, oldest first. */
    requests(): readonly Exchange[];
    /** Every webhook so far, newest first. */
    deliveries(): readonly Delivery[];
    /** Sends a webhook again, same GUID and bytes; false when there is none of that id. */
    redeliver(id: number): Promise<boolean>;
    /** Ends when no webhook is under way. */
    settled(): Promise<void>;
    stop(): Promise<void>;
  };

/** What GITHUB's app manifest of NOFX asks for. */
const PERMISSIONS = {
  metadata: 'read',
  contents: 'write',
  pull_requests: 'write',
  issues: 'write',
  checks: 'write',
  members: 'read',
};
const EVENTS = [
  'issue_comment',
  'issues',
  'pull_request',
  'pull_request_review',
  'pull_request_review_comment',
  'check_run',
  'check_suite',
  'push',
  'merge_group',
];

/** Starts a stand-in. `stop()` ends it and removes what it made. */
export async function createGitHubStandIn(options: GitHubStandInOptions = {}): Promise<GitHubStandIn> {
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'nofx-github-')));
  await mkdir(root, { recursive: true });
  const privateKey = options.app?.privateKey ?? freshKey();
  const exchanges: Exchange[] = [];
  const faults = createFaults();
  const webhooks = createWebhooks(() => world);
  const world = createWorld(options, privateKey, webhooks.emit);
  webhooks.configure(options.webhook ?? null);
  const people = createPeople(world, root);

  const rest = restApi(world, webhooks, faults, (exchange) => {
    exchanges.push(exchange);
    options.onExchange?.(exchange);
  });
  const pages = webPages(world, people, options.demoUser);
  const server = createAdaptorServer({
    fetch: (request, env) => {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith('/api/v3') || pathname === '/api/graphql')
        return rest.fetch(request, env as HttpBindings);
      return gitPath(decodeURIComponent(pathname)) ? gitHttp(world, request) : pages.fetch(request);
    },
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  world.origin = `http://127.0.0.1:${port}`;

  return {
    ...people,
    ...createReaders(world),
    url: world.origin,
    host: `127.0.0.1:${port}`,
    apiUrl: `${world.origin}/api/v3`,
    app: { id: world.app.id, slug: world.app.slug, privateKey },
    setWebhook: webhooks.configure,
    ping: () =>
      world.emit({
        event: 'ping',
        sender: world.app.owner,
        body: { zen: 'Keep it logically awesome.', hook_id: 1, hook: hookShape(world) },
      }),
    failNext: faults.failNext,
    requests: () => exchanges,
    deliveries: webhooks.log,
    redeliver: webhooks.redeliver,
    settled: webhooks.settled,
    async stop() {
      webhooks.configure(null);
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await webhooks.settled();
      if (options.root === undefined) await rm(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function freshKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  // PKCS#1, as in the file that GitHub lets one download.
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

function createWorld(options: GitHubStandInOptions, privateKey: string, emit: World['emit']): World {
  const { id = 4242, slug = 'nofx', name = 'NOFX', permissions = PERMISSIONS, events = EVENTS } = options.app ?? {};
  const now = options.now ?? (() => new Date());
  let lastId = 1000;
  const world: World = {
    origin: '',
    now,
    nextId: () => ++lastId,
    app: undefined as unknown as App,
    manifests: new Map(),
    accounts: new Map(),
    teams: new Map(),
    repositories: new Map(),
    formerNames: new Map(),
    installations: new Map(),
    tokens: new Map(),
    personalTokens: new Map(),
    comments: new Map(),
    reviewComments: new Map(),
    checkSuites: new Map(),
    checkRuns: new Map(),
    emit,
  };
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const owner = addAccount(world, 'app-owner');
  const bot = addAccount(world, `${slug}[bot]`, 'Bot');
  world.app = {
    id,
    slug,
    name,
    clientId: `Iv1.${id}`,
    owner,
    bot,
    publicKey,
    privateKey,
    permissions,
    events,
    createdAt: now(),
  };
  return world;
}

function hookShape(world: World) {
  const { app } = world;
  const config = { content_type: 'json', insecure_ssl: '0', url: `${world.origin}/hook` };
  const at = app.createdAt.toISOString();
  return {
    type: 'App',
    id: 1,
    name: 'web',
    active: true,
    events: app.events,
    config,
    app_id: app.id,
    updated_at: at,
    created_at: at,
    deliveries_url: `${world.origin}/api/v3/app/hook/deliveries`,
  };
}
