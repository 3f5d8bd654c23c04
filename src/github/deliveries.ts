import type { DeliveryAttempt } from '../domain/redelivery.ts';
import type { Octokit } from './client.ts';

/** Pages of a hundred in one listing; an app has 5,000 requests an hour. */
const MOST_PAGES = 100;

/**
 * GitHub's attempts to deliver webhooks to this app since a moment, newest first. It keeps them for three days.
 * `complete` is false when the list was cut before it reached that moment.
 * https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
 */
export async function listDeliveries(
  app: Octokit,
  { since, signal }: { since: Date; signal?: AbortSignal },
): Promise<{ attempts: DeliveryAttempt[]; complete: boolean }> {
  const attempts: DeliveryAttempt[] = [];
  let pages = 0;
  const listing = app.paginate.iterator('GET /app/hook/deliveries', { per_page: 100 });
  for await (const { data } of listing) {
    signal?.throwIfAborted();
    for (const item of data) {
      const deliveredAt = new Date(item.delivered_at);
      if (deliveredAt < since) return { attempts, complete: true };
      const ok = item.status_code >= 200 && item.status_code < 300;
      // Past 2^53 Octokit gives a BigInt: https://github.com/octokit/request.js/issues/797
      attempts.push({ id: String(item.id), guid: item.guid, deliveredAt, ok });
    }
    pages += 1;
    if (pages >= MOST_PAGES) return { attempts, complete: false };
  }
  return { attempts, complete: true };
}

/** Asks GitHub to deliver again; it does so soon after. */
export async function redeliver(app: Octokit, id: string): Promise<void> {
  // As text: the number may not fit into one of ours.
  const deliveryId = id as unknown as number;
  await app.request('POST /app/hook/deliveries/{delivery_id}/attempts', { delivery_id: deliveryId });
}
