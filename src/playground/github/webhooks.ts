import { createHmac, randomUUID } from 'node:crypto';
import { userShape } from './shape-accounts.ts';
import { nodeId } from './shape-common.ts';
import { repositoryShape } from './shape-repository.ts';
import type { Account, Emission } from './types.ts';
import { installationOf, type World } from './world.ts';

export type WebhookTarget = { url: string; secret: string };

export type Delivery = {
  id: number;
  guid: string;
  event: string;
  action: string | null;
  redelivery: boolean;
  deliveredAt: Date;
  durationMs: number;
  status: string;
  statusCode: number;
  installationId: number | null;
  repositoryId: number | null;
  url: string;
  request: { headers: Record<string, string>; payload: Record<string, unknown>; raw: string };
  response: { headers: Record<string, string>; body: string } | null;
};

/** Sent whether subscribed or not. */
const ALWAYS = new Set(['ping', 'installation', 'installation_repositories']);
/** GitHub gives up on an answer after ten seconds, and does not try again by itself. */
const PATIENCE_MS = 10_000;

export type Webhooks = ReturnType<typeof createWebhooks>;

/** Signs and sends webhooks to one URL as GitHub does, and keeps the log of deliveries, newest first. */
export function createWebhooks(world: () => World) {
  const log: Delivery[] = [];
  const underWay = new Set<Promise<unknown>>();
  const hookId = 1_000_000 + Math.floor(Math.random() * 1_000_000);
  let target: WebhookTarget | null = null;

  function payloadOf({ action, sender, repo, installation }: Emission, body: Record<string, unknown>) {
    const known = installation ?? (repo && installationOf(world(), repo));
    return {
      ...(action ? { action } : {}),
      ...body,
      ...(repo ? { repository: repositoryShape(world(), repo) } : {}),
      ...(repo?.owner.type === 'Organization' ? { organization: organizationShape(repo.owner) } : {}),
      sender: userShape(world(), sender),
      ...(known && !body['installation'] ? { installation: { id: known.id, node_id: nodeId('I', known.id) } } : {}),
    };
  }

  function organizationShape(account: Account) {
    const { login, id, node_id, url, repos_url, avatar_url } = userShape(world(), account);
    const rest = {
      events_url: `${url}/events`,
      hooks_url: `${url}/hooks`,
      issues_url: `${url}/issues`,
      members_url: `${url}/members{/member}`,
    };
    return {
      login,
      id,
      node_id,
      url,
      repos_url,
      avatar_url,
      ...rest,
      public_members_url: `${url}/public_members{/member}`,
      description: '',
    };
  }

  function headersOf(event: string, guid: string, raw: string, secret: string): Record<string, string> {
    const sign = (algorithm: string) => createHmac(algorithm, secret).update(raw).digest('hex');
    return {
      accept: '*/*',
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/0000000',
      'x-github-delivery': guid,
      'x-github-enterprise-host': new URL(world().origin).host,
      'x-github-enterprise-version': '3.19.0',
      'x-github-event': event,
      'x-github-hook-id': String(hookId),
      'x-github-hook-installation-target-id': String(world().app.id),
      'x-github-hook-installation-target-type': 'integration',
      'x-hub-signature': `sha1=${sign('sha1')}`,
      'x-hub-signature-256': `sha256=${sign('sha256')}`,
    };
  }

  async function post(delivery: Delivery): Promise<void> {
    const begun = performance.now();
    try {
      const response = await fetch(delivery.url, {
        method: 'POST',
        headers: delivery.request.headers,
        body: delivery.request.raw,
        signal: AbortSignal.timeout(PATIENCE_MS),
        redirect: 'manual',
      });
      delivery.response = { headers: Object.fromEntries(response.headers), body: await response.text() };
      delivery.statusCode = response.status;
      delivery.status = response.ok ? 'OK' : `Invalid HTTP Response: ${response.status}`;
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError';
      delivery.statusCode = late ? 504 : 502;
      delivery.status = late ? 'timed out' : 'failed to connect to host';
    }
    delivery.durationMs = performance.now() - begun;
  }

  /** Lets `settled()` know of it. */
  async function track(work: Promise<void>): Promise<void> {
    underWay.add(work);
    try {
      await work;
    } finally {
      underWay.delete(work);
    }
  }

  async function send(emission: Emission): Promise<void> {
    const installation = emission.installation ?? (emission.repo && installationOf(world(), emission.repo));
    const wanted = ALWAYS.has(emission.event) || world().app.events.includes(emission.event);
    const reachable = emission.event === 'ping' || (installation && !installation.suspendedAt);
    if (!target || !wanted || !reachable) return;
    const payload = payloadOf(emission, await emission.body);
    const raw = JSON.stringify(payload);
    const guid = randomUUID();
    const delivery: Delivery = {
      id: world().nextId(),
      guid,
      event: emission.event,
      action: emission.action ?? null,
      redelivery: false,
      deliveredAt: world().now(),
      durationMs: 0,
      status: 'pending',
      statusCode: 0,
      installationId: installation?.id ?? null,
      repositoryId: emission.repo?.id ?? null,
      url: target.url,
      request: { headers: headersOf(emission.event, guid, raw, target.secret), payload, raw },
      response: null,
    };
    log.unshift(delivery);
    await post(delivery);
  }

  return {
    /** A mistake in making the payload is told, not thrown: whoever acted has done so by now. */
    emit: (emission: Emission): Promise<void> =>
      track(send(emission).catch((error: unknown) => console.error(`Webhook ${emission.event} failed:`, error))),
    /** Where webhooks go from now on; null turns them off. */
    configure(next: WebhookTarget | null) {
      target = next;
    },
    log: (): readonly Delivery[] => log,
    /** Sends one again: same GUID, same bytes, a new entry in the log. Ends when it was answered. */
    async redeliver(id: number): Promise<boolean> {
      const old = log.find((delivery) => delivery.id === id);
      if (!old) return false;
      const again: Delivery = {
        ...old,
        id: world().nextId(),
        redelivery: true,
        deliveredAt: world().now(),
        status: 'pending',
        statusCode: 0,
        url: target?.url ?? old.url,
        response: null,
      };
      log.unshift(again);
      await track(post(again));
      return true;
    },
    /** Ends when no delivery is under way. */
    async settled(): Promise<void> {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
