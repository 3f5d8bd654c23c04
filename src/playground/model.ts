import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPromptCache } from './model-cache.ts';
import { blocksOf, formatOf, problemOf } from './model-checks.ts';
import { mismatch } from './model-schema.ts';
import { eventsOf, messageOf } from './model-stream.ts';
import type { Fault, Reply, RequestBody, Script, ScriptRequest } from './model-script.ts';

export { turn } from './model-script.ts';
export type { Script, Turn } from './model-script.ts';

/**
 * A stand-in for the Messages API over real HTTP whose replies are **canned**: a script decides them, no
 * model is asked. Message ids begin with `msg_canned_`. It refuses what today's models refuse
 * (model-checks.ts, model-schema.ts) and simulates prompt caching on the real request prefix (model-cache.ts).
 *
 * Where it differs from the real API: a token is four characters; the cache never expires; any key but an empty
 * one is good; any model name exists; beta headers are not looked at; only `POST /v1/messages` is there.
 */
export type ScriptedModel = {
  /** For ANTHROPIC_BASE_URL. */
  url: string;
  /** Every request body that was well-formed JSON, oldest first, refused ones included. */
  requests(): RequestBody[];
  stop(): Promise<void>;
};

/** A script, or several to choose from by the prompt's text: the first whose `match` fits. */
export type Scripts = Script | { match: RegExp; script: Script }[];

export async function createScriptedModel(options: {
  script: Scripts;
  port?: number;
  host?: string;
}): Promise<ScriptedModel> {
  const account = createPromptCache();
  const requests: RequestBody[] = [];
  const perScript = new Map<Script, number>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://local').pathname;
    if (request.method !== 'POST' || path !== '/v1/messages')
      return refuse(response, 404, 'not_found_error', 'Not found');
    if (!keyOf(request)) return refuse(response, 401, 'authentication_error', 'An API key is required.');
    if (!request.headers['anthropic-version']) {
      return refuse(response, 400, 'invalid_request_error', 'anthropic-version: header is required');
    }
    const body = await readJson(request);
    if (body === undefined)
      return refuse(response, 400, 'invalid_request_error', 'The request body is not valid JSON.');
    requests.push(body as RequestBody);
    const problem = problemOf(body);
    if (problem) return refuse(response, 400, 'invalid_request_error', problem);
    return perform(body as RequestBody, response);
  }

  async function perform(body: RequestBody, response: ServerResponse): Promise<void> {
    const seen = describe(body, requests.length - 1);
    const script = choose(options.script, seen.prompt);
    if (!script) return refuse(response, 400, 'invalid_request_error', 'No script matches this prompt.');
    const nth = perScript.get(script) ?? 0;
    perScript.set(script, nth + 1);
    const turn = typeof script === 'function' ? await script(seen) : script[nth];
    if (!turn) return refuse(response, 400, 'invalid_request_error', `The script has no turn ${nth + 1}.`);
    if (turn.kind === 'fault') return fail(response, turn);
    const wrong = offFormat(turn, body);
    if (wrong) return refuse(response, 400, 'invalid_request_error', `The script's reply does not fit: ${wrong}`);
    const message = messageOf(turn, body, account(body));
    if (!body.stream) {
      response
        .writeHead(200, { 'content-type': 'application/json', 'request-id': 'req_canned' })
        .end(JSON.stringify(message));
      return;
    }
    await stream(response, turn, eventsOf(message, turn));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent)
        refuse(response, 500, 'api_error', error instanceof Error ? error.message : String(error));
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${options.host ?? '127.0.0.1'}:${port}`,
    requests: () => [...requests],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function stream(response: ServerResponse, reply: Reply, events: { type: string }[]): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'request-id': 'req_canned',
  });
  const send = (event: { type: string }) => response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  for (const [sent, event] of events.entries()) {
    if (reply.cutAfter === sent) {
      // Let what was written reach the other side, so that the cut is where the script says.
      await new Promise((resolve) => response.write('', resolve));
      response.destroy();
      return;
    }
    if (reply.errorAfter?.events === sent) {
      const error = {
        type: 'error',
        error: { type: reply.errorAfter.type, message: 'A canned error in the middle of a stream.' },
      };
      send(error);
      break;
    }
    if (reply.delayMs) await sleep(reply.delayMs);
    if (response.destroyed) return;
    send(event);
  }
  response.end();
}

function fail(response: ServerResponse, fault: Fault): void {
  if (fault.status === 0) response.destroy();
  else
    refuse(
      response,
      fault.status,
      fault.type ?? typeFor(fault.status),
      fault.message ?? `A canned ${fault.status}.`,
      fault.headers,
    );
}

/** An error as the API words it: platform.claude.com, "Errors". */
function refuse(
  response: ServerResponse,
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  const body = { type: 'error', error: { type, message }, request_id: 'req_canned' };
  response
    .writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_canned', ...headers })
    .end(JSON.stringify(body));
}

function typeFor(status: number): string {
  const types: Record<number, string> = {
    400: 'invalid_request_error',
    401: 'authentication_error',
    402: 'billing_error',
    403: 'permission_error',
    404: 'not_found_error',
    413: 'request_too_large',
    429: 'rate_limit_error',
    504: 'timeout_error',
    529: 'overloaded_error',
  };
  return types[status] ?? 'api_error';
}

/** Keys come as a bearer token today, as `x-api-key` from older clients: platform.claude.com, "Authentication". */
function keyOf({ headers }: IncomingMessage): string | undefined {
  const key = headers['x-api-key'];
  return /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? (typeof key === 'string' ? key.trim() : undefined);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

function choose(scripts: Scripts, prompt: string): Script | undefined {
  if (typeof scripts === 'function') return scripts;
  const choices = scripts.filter((one) => 'match' in one);
  if (choices.length === 0) return scripts as Script;
  return choices.find(({ match }) => match.test(prompt))?.script;
}

function describe(body: RequestBody, index: number): ScriptRequest {
  const calls = new Map<unknown, ScriptRequest['calls'][number]>();
  for (const block of body.messages.flatMap((message) => blocksOf(message.content))) {
    if (block.type === 'tool_use') {
      calls.set(block['id'], {
        name: String(block['name']),
        input: block['input'] as Record<string, unknown>,
        result: '',
        isError: false,
      });
    }
    const call = block.type === 'tool_result' ? calls.get(block['tool_use_id']) : undefined;
    if (call) {
      call.result = textOf(block['content'] as string | undefined);
      call.isError = block['is_error'] === true;
    }
  }
  return {
    body,
    index,
    turn: body.messages.filter((message) => message.role === 'assistant').length,
    prompt: textOf(body.messages[0]?.content),
    tools: (body.tools ?? []).map((tool) => tool.name),
    structured: formatOf(body) !== null,
    calls: [...calls.values()],
  };
}

/** What is wrong with a whole reply to a request for a format. A refusal, or one that breaks off, need not fit. */
function offFormat({ blocks, stop, errorAfter }: Reply, body: RequestBody): string | null {
  const schema = formatOf(body);
  if (schema === null || stop !== 'end_turn' || errorAfter) return null;
  return mismatch(schema, blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''));
}

function textOf(content: string | { type: string; [key: string]: unknown }[] | undefined): string {
  if (typeof content === 'string' || content === undefined) return content ?? '';
  return content.flatMap((block) => (block.type === 'text' ? [String(block['text'])] : [])).join('\n');
}
