import { randomBytes } from 'node:crypto';
import * as endpoints from '../db/endpoints.ts';
import type { Endpoint } from '../db/endpoints.ts';
import { getMessage, reopenMessage } from '../db/messages.ts';
import { getProject } from '../db/projects.ts';
import { EVENT_TYPES } from '../domain/run-events.ts';
import { UserError } from '../errors.ts';
import type { SendResult } from '../outbound/port.ts';
import { rememberKey, type OutboxDeps } from './deps.ts';

/** Every event of a project is a message to each of its endpoints, as many as GitHub allows for a repository. */
const MOST = 20;

export type NewEndpoint = {
  url: string;
  /** event types it wants; all when absent */
  types?: readonly string[] | undefined;
  /** only runs of this project */
  projectId?: string | undefined;
};

/**
 * Adds an endpoint. Its secret, the key it verifies our signatures with, is given here and never again.
 * UserError when the URL, a type or the project is not one.
 */
export async function createEndpoint(
  { db, outbound, remember }: Pick<OutboxDeps, 'db' | 'outbound' | 'remember'>,
  wanted: NewEndpoint,
): Promise<{ endpoint: Endpoint; secret: string }> {
  const checked = outbound.checkUrl(wanted.url);
  if (!checked.ok)
    throw new UserError(
      `The endpoint's URL cannot be used: ${checked.reason}.`,
      'Give an https:// URL that is reached from the internet.',
    );
  const types = typesOf(wanted.types);
  if (wanted.projectId !== undefined && (await getProject(db, wanted.projectId)) === null) {
    throw new UserError(
      `There is no project ${wanted.projectId}.`,
      'Give the id of a project that had a run, or none for all projects.',
    );
  }
  if (wanted.projectId !== undefined && (await endpoints.listEndpoints(db, wanted)).length >= MOST) {
    throw new UserError(`${wanted.projectId} has ${MOST} endpoints, and may have no more.`, 'Delete one first.');
  }
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  rememberKey(secret, remember);
  const id = `ep_${randomBytes(9).toString('hex')}`;
  const row = { id, url: checked.url, secret, types, projectId: wanted.projectId ?? null };
  return { endpoint: await endpoints.insertEndpoint(db, row), secret };
}

/** Switches an endpoint on or off. Switched on, it starts afresh; what happened while it was off is not told. */
export async function setEndpointEnabled(
  { db }: Pick<OutboxDeps, 'db'>,
  id: string,
  enabled: boolean,
): Promise<Endpoint> {
  const changed = enabled
    ? await endpoints.enableEndpoint(db, id)
    : await endpoints.disableEndpoint(db, id, 'Switched off by hand.');
  return changed ?? missing(id);
}

/** Sends a `ping` at once, also to an endpoint that is off, and gives what came of it. It is no event: neither logged nor repeated. */
export async function testEndpoint(
  { db, outbound, redact, remember }: Pick<OutboxDeps, 'db' | 'outbound' | 'redact' | 'remember'>,
  id: string,
): Promise<SendResult> {
  const key = (await endpoints.getEndpointKey(db, id)) ?? missing(id);
  rememberKey(key.secret, remember);
  const messageId = `msg_${randomBytes(16).toString('hex')}`;
  const body = JSON.stringify({
    id: messageId,
    type: 'ping',
    timestamp: new Date().toISOString(),
    data: { endpoint: { id } },
  });
  const result = await outbound.send({ ...key, id: messageId, body });
  return { ...result, error: result.error && redact(result.error) };
}

/** Sends a message that has ended again, under its old id and with all its attempts before it. UserError when it cannot be. */
export async function redeliver({ db, queue }: Pick<OutboxDeps, 'db' | 'queue'>, messageId: string): Promise<void> {
  await db.transaction(async (tx) => {
    const message = await getMessage(tx, messageId);
    if (message === null) throw new UserError(`There is no message ${messageId}.`, 'Take one from the delivery log.');
    const endpoint = await endpoints.getEndpoint(tx, message.endpointId);
    if (!endpoint?.enabled) throw new UserError(`The endpoint of ${messageId} is switched off.`, 'Switch it on first.');
    if (!(await reopenMessage(tx, messageId)))
      throw new UserError(`${messageId} is on its way already.`, 'Wait for its next attempt.');
    await queue.enqueue(tx, 'outbound', { messageId, endpointId: endpoint.id }, { group: endpoint.id });
  });
}

function typesOf(types: readonly string[] | undefined): string[] | null {
  if (types === undefined) return null;
  const unknown = types.filter((type) => !(EVENT_TYPES as readonly string[]).includes(type));
  if (types.length > 0 && unknown.length === 0) return [...new Set(types)];
  const problem =
    types.length === 0
      ? 'An endpoint needs at least one event type.'
      : `There is no event type ${unknown.map((type) => `"${type}"`).join(', ')}.`;
  throw new UserError(problem, `Choose from ${EVENT_TYPES.join(', ')}, or give none for all.`);
}

function missing(id: string): never {
  throw new UserError(`There is no endpoint ${id}.`, 'Look it up in the list of endpoints.');
}
