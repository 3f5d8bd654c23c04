import { countGivenUp, disableEndpoint, forgetFailures } from '../db/endpoints.ts';
import { countAttempt, endMessage, findMessage, insertAttempt } from '../db/messages.ts';
import { messageBody } from '../domain/message-body.ts';
import { GIVEN_UP_LIMIT, judgeAttempt, type MessageVerdict } from '../domain/message-retries.ts';
import { STATUS_AFTER } from '../domain/run-events.ts';
import type { SendResult } from '../outbound/port.ts';
import type { ClaimedJob } from '../queue/jobs.ts';
import { rememberKey, type OutboxDeps } from './deps.ts';

type Found = NonNullable<Awaited<ReturnType<typeof findMessage>>>;

/** How long a message waits that met another of its endpoint on its way, in seconds. */
const TURN_SECONDS = 1;

/**
 * The worker of the queue `outbound`. Sends one message of an endpoint at a time: the queue sees to that but for
 * workers that fetch at the same moment, and a receiver that hangs must not get hold of all of them.
 */
export function createDeliverer(deps: OutboxDeps): (job: ClaimedJob<'outbound'>) => Promise<void> {
  const busy = new Set<string>();
  return async (job) => {
    const { endpointId } = job.data;
    if (busy.has(endpointId)) return comeBack(deps, job);
    busy.add(endpointId);
    try {
      await deliverMessage(deps, job);
    } finally {
      busy.delete(endpointId);
    }
  };
}

/**
 * Makes one attempt at a message and sees to what follows from it. A worker that dies between the sending and the
 * record has the message sent again: at least once, with the same id.
 */
export async function deliverMessage(deps: OutboxDeps, job: ClaimedJob<'outbound'>): Promise<void> {
  const { db, outbound, redact, remember } = deps;
  const found = await findMessage(db, job.data.messageId);
  if (found === null || found.message.status !== 'pending') return;
  const { message, endpoint } = found;
  if (!endpoint.enabled) {
    await endMessage(db, message.id, 'failed', 0);
    return;
  }
  rememberKey(endpoint.secret, remember);
  const body = messageBody(factsOf(found), redact);
  const result = await outbound.send({ url: endpoint.url, secret: endpoint.secret, id: message.id, body }, job.signal);
  const verdict = judgeAttempt(result, message.attempts + 1, Math.random());
  await record(deps, found, { ...result, error: result.error && redact(result.error) }, verdict, job);
}

async function comeBack({ db, queue }: OutboxDeps, job: ClaimedJob<'outbound'>): Promise<void> {
  await db.transaction(async (tx) => {
    await queue.complete(tx, 'outbound', job);
    await queue.enqueue(tx, 'outbound', job.data, { startAfterSeconds: TURN_SECONDS, group: job.data.endpointId });
  });
}

/** Ends a message whose job took its worker down again and again. */
export async function abandonMessage({ db }: Pick<OutboxDeps, 'db'>, messageId: string): Promise<void> {
  await endMessage(db, messageId, 'failed', 0);
}

async function record(
  { db, queue, log }: OutboxDeps,
  { message, endpoint }: Found,
  result: SendResult,
  verdict: MessageVerdict,
  job: ClaimedJob<'outbound'>,
): Promise<void> {
  const { status, durationMs, error } = result;
  const disabled = await db.transaction(async (tx) => {
    await insertAttempt(tx, { messageId: message.id, status, durationMs, error });
    await queue.complete(tx, 'outbound', job);
    switch (verdict.kind) {
      case 'delivered':
        await endMessage(tx, message.id, 'delivered', 1);
        await forgetFailures(tx, endpoint.id);
        return null;
      case 'retry':
        if (await countAttempt(tx, message.id, message.attempts)) {
          await queue.enqueue(tx, 'outbound', job.data, { startAfterSeconds: verdict.inSeconds, group: endpoint.id });
        }
        return null;
      case 'give up': {
        if (!(await endMessage(tx, message.id, 'failed', 1))) return null;
        const reason = verdict.gone ? 'The receiver answered 410 Gone.' : tooMany(await countGivenUp(tx, endpoint.id));
        if (reason) await disableEndpoint(tx, endpoint.id, reason);
        return reason;
      }
    }
  });
  const about = { message: message.id, endpoint: endpoint.id, run: message.runId, seq: message.seq };
  log.info({ ...about, status, durationMs, error, verdict }, 'message sent');
  if (disabled) log.warn({ endpoint: endpoint.id, reason: disabled }, 'endpoint switched off');
}

function tooMany(givenUp: number): string | null {
  return givenUp >= GIVEN_UP_LIMIT
    ? `${givenUp} messages in a row were given up, each after about a day of attempts.`
    : null;
}

function factsOf({ message, event, project, step, statusEvent }: Found) {
  const status = STATUS_AFTER[statusEvent] ?? 'queued';
  const run = { id: message.runId, status, project };
  return { messageId: message.id, type: event.type, at: event.at, run, step, seq: message.seq, payload: event.payload };
}
