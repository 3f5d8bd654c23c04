/**
 * The vocabulary of scripts for the scripted model: what one reply is, and how a script sees a request.
 */

/** A request body as it came over the wire, after the checks of model-checks.ts. */
export type RequestBody = {
  model: string;
  max_tokens: number;
  system?: string | Block[];
  messages: { role: 'user' | 'assistant'; content: string | Block[] }[];
  tools?: { name: string; description?: string; input_schema: unknown; cache_control?: CacheControl }[];
  cache_control?: CacheControl;
  stream?: boolean;
  [key: string]: unknown;
};
export type CacheControl = { type: 'ephemeral'; ttl?: '5m' | '1h' };
export type Block = { type: string; cache_control?: CacheControl; [key: string]: unknown };

export type ReplyBlock =
  | { type: 'thinking'; thinking: string }
  | { type: 'text'; text: string }
  /** `json` replaces the input on the wire, to send what no model should. */
  | { type: 'tool_use'; name: string; input: Record<string, unknown>; json?: string };

export type StopReason = 'end_turn' | 'tool_use' | 'max_tokens' | 'refusal' | 'model_context_window_exceeded';

/** Counts to report instead of the simulated ones. */
type UsageNumbers = {
  input_tokens?: number;
  output_tokens?: number;
  cache_read_input_tokens?: number;
  cache_creation_input_tokens?: number;
};

export type Reply = {
  kind: 'reply';
  blocks: ReplyBlock[];
  stop: StopReason;
  usage?: UsageNumbers;
  /** Milliseconds before each streamed event. */
  delayMs?: number;
  /** The connection is broken after this many streamed events. */
  cutAfter?: number;
  /** An `error` event is sent after this many streamed events. */
  errorAfter?: { events: number; type: string };
};
export type Fault = {
  kind: 'fault';
  /** An HTTP status; 0 breaks the connection without an answer. */
  status: number;
  type?: string;
  message?: string;
  headers?: Record<string, string>;
};
export type Turn = Reply | Fault;

/** What a function script is told. Deriving the turn from it alone makes a script safe for retries and parallel runs. */
export type ScriptRequest = {
  body: RequestBody;
  /** How many replies the model has given in this conversation. */
  turn: number;
  /** How many requests this server has answered before. */
  index: number;
  /** The first user message's text. */
  prompt: string;
  /** Names of the tools on offer. */
  tools: string[];
  /** Whether the reply is held to a schema: then it has to be `turn.json(…)`. */
  structured: boolean;
  /** Every finished tool call of the conversation, in order. */
  calls: { name: string; input: Record<string, unknown>; result: string; isError: boolean }[];
};

/** Turns in the order requests come, or a function of the request. */
export type Script = Turn[] | ((request: ScriptRequest) => Turn | Promise<Turn>);

type Extras = Pick<Reply, 'usage' | 'delayMs'>;

/** Builders for the turns of a script. */
export const turn = {
  /** Says something and ends. */
  text: (text: string, extras: Extras = {}): Reply => ({
    kind: 'reply',
    blocks: [{ type: 'text', text }],
    stop: 'end_turn',
    ...extras,
  }),
  /** Answers with a value, as structured outputs ask for, after thinking if `thinking` is given. */
  json: (value: unknown, { thinking, ...extras }: Extras & { thinking?: string } = {}): Reply => ({
    ...turn.text(JSON.stringify(value), extras),
    blocks: [
      ...(thinking === undefined ? [] : [{ type: 'thinking' as const, thinking }]),
      { type: 'text', text: JSON.stringify(value) },
    ],
  }),
  /** Calls one tool. */
  tool: (name: string, input: Record<string, unknown>, extras: Extras = {}): Reply =>
    turn.tools([[name, input]], extras),
  /** Calls several tools at once, after thinking if `thinking` is given. */
  tools: (
    calls: [name: string, input: Record<string, unknown>][],
    extras: Extras & { thinking?: string } = {},
  ): Reply => {
    const { thinking, ...rest } = extras;
    return {
      kind: 'reply',
      blocks: [
        ...(thinking === undefined ? [] : [{ type: 'thinking' as const, thinking }]),
        ...calls.map(([name, input]) => ({ type: 'tool_use' as const, name, input })),
      ],
      stop: 'tool_use',
      ...rest,
    };
  },
  /** Any blocks, with any reason to stop. */
  reply: (blocks: ReplyBlock[], stop: StopReason, extras: Extras = {}): Reply => ({
    kind: 'reply',
    blocks,
    stop,
    ...extras,
  }),
  /** An HTTP error; status 0 is a connection reset. */
  fault: (fault: Omit<Fault, 'kind'>): Fault => ({ kind: 'fault', ...fault }),
  /** Breaks the connection in the middle of a reply. */
  cutStream: (afterEvents: number, reply: Reply = turn.text('This sentence is never')): Reply => ({
    ...reply,
    cutAfter: afterEvents,
  }),
  /** Sends an `error` event in the middle of a reply. */
  errorEvent: (events: number, type = 'overloaded_error'): Reply => ({
    ...turn.text('Half a'),
    errorAfter: { events, type },
  }),
  refusal: (text = ''): Reply => turn.reply(text ? [{ type: 'text', text }] : [], 'refusal'),
  contextWindow: (text = 'So far'): Reply => turn.reply([{ type: 'text', text }], 'model_context_window_exceeded'),
  /** Is cut by max_tokens in the middle of a tool call. */
  maxTokens: (name = 'write', json = '{"file_path": "half.txt", "content": "the first ha'): Reply =>
    turn.reply([{ type: 'tool_use', name, input: {}, json }], 'max_tokens'),
  /** Calls a tool with an input that is not JSON. */
  badToolJson: (name = 'write', json = '{"file_path": "bad.txt", "content": oops}'): Reply =>
    turn.reply([{ type: 'tool_use', name, input: {}, json }], 'tool_use'),
};
