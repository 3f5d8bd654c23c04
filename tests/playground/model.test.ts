import { Anthropic } from '@anthropic-ai/sdk';
import { describe, expect, onTestFinished, test } from 'vitest';
import { demoScript } from '../../src/playground/demo-script.ts';
import { createScriptedModel, turn } from '../../src/playground/model.ts';
import type { Scripts, Turn } from '../../src/playground/model.ts';

async function start(script: Scripts) {
  const model = await createScriptedModel({ script });
  onTestFinished(() => model.stop());
  const post = (body: unknown, headers: Record<string, string> = {}, path = '/v1/messages?beta=true') =>
    fetch(model.url + path, {
      method: 'POST',
      headers: { 'x-api-key': 'any', 'anthropic-version': '2026-10-21', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const client = new Anthropic({ apiKey: 'any', baseURL: model.url, maxRetries: 0, logLevel: 'off' });
  return { model, post, client };
}

const user = (content: unknown) => ({ role: 'user', content });
const assistant = (content: unknown) => ({ role: 'assistant', content });
const good = { model: 'claude-sonnet-5-5', max_tokens: 100, messages: [user('hi')] };
const text = { type: 'text', text: 'x' };
const marked = { ...text, cache_control: { type: 'ephemeral' } };
const use = { type: 'tool_use', id: 't1', name: 'read', input: {} };
const result = { type: 'tool_result', tool_use_id: 't1', content: 'ok' };

const text1 = { type: 'string' };
const shape = (of: object = text1) => ({
  type: 'object',
  properties: { of },
  required: ['of'],
  additionalProperties: false,
});
const formatted = (schema: object) => ({ ...good, output_config: { format: { type: 'json_schema', schema } } });

describe('refuses with the API’s error JSON', () => {
  test.each<[string, unknown, RegExp]>([
    ['temperature', { ...good, temperature: 1 }, /temperature/],
    ['top_p', { ...good, top_p: 0.9 }, /top_p/],
    ['top_k', { ...good, top_k: 5 }, /top_k/],
    ['a forced tool', { ...good, tool_choice: { type: 'tool', name: 'read' } }, /tool_choice/],
    ['any tool', { ...good, tool_choice: { type: 'any' } }, /tool_choice/],
    ['thinking disabled', { ...good, thinking: { type: 'disabled' } }, /between_tools/],
    ['a thinking budget', { ...good, thinking: { type: 'enabled', budget_tokens: 1024 } }, /adaptive/],
    [
      'between_tools at xhigh',
      { ...good, thinking: { type: 'between_tools' }, output_config: { effort: 'xhigh' } },
      /between_tools/,
    ],
    ['an unknown effort', { ...good, output_config: { effort: 'extreme' } }, /effort/],
    ['a format that is no schema', { ...good, output_config: { format: { type: 'json' } } }, /output_config\.format/],
    ['an open object in a schema', formatted({ type: 'object', properties: {} }), /additionalProperties/],
    ['a length in a schema', formatted(shape({ type: 'string', maxLength: 3 })), /'maxLength' is not supported/],
    ['a maximum in a schema', formatted(shape({ type: 'integer', maximum: 3 })), /'maximum' is not supported/],
    ['two items at least', formatted(shape({ type: 'array', items: text1, minItems: 2 })), /minItems/],
    ['a schema without type', formatted(shape({})), /must have a type/],
    ['a schema elsewhere', formatted(shape({ $ref: 'https://example.com' })), /external '\$ref'/],
    [
      'too many optional parameters',
      formatted({ ...shape(), properties: Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`p${i}`, text1])) }),
      /25 optional parameters/,
    ],
    ['prefill', { ...good, messages: [user('hi'), assistant('Sure,')] }, /prefill/],
    ['a first message of the assistant', { ...good, messages: [assistant('hi'), user('x')] }, /first message/],
    ['no max_tokens', { model: 'm', messages: [user('hi')] }, /max_tokens/],
    ['no messages', { ...good, messages: [] }, /messages/],
    ['an unknown field', { ...good, max_iterations: 3 }, /max_iterations: Extra inputs/],
    ['a system message in the list', { ...good, messages: [{ role: 'system', content: 'x' }] }, /role/],
    [
      'five breakpoints',
      { ...good, cache_control: { type: 'ephemeral' }, messages: [user([marked, marked, marked, marked])] },
      /maximum of 4.*Found 5/,
    ],
    ['a breakpoint on empty text', { ...good, messages: [user([{ ...marked, text: '' }])] }, /empty text/],
    ['an empty text', { ...good, messages: [user([{ ...text, text: '' }])] }, /non-empty/],
    ['an empty message', { ...good, messages: [user('')] }, /messages/],
    [
      'a tool call without result',
      { ...good, messages: [user('hi'), assistant([use]), user('so?')] },
      /without `tool_result`/,
    ],
    ['a result without call', { ...good, messages: [user([result])] }, /unexpected `tool_use_id`/],
    ['a result twice', { ...good, messages: [user('hi'), assistant([use]), user([result, result])] }, /unexpected/],
    [
      'text before a result',
      { ...good, messages: [user('hi'), assistant([use]), user([text, result])] },
      /come before/,
    ],
    [
      'a tool named twice',
      {
        ...good,
        tools: [
          { name: 'a', input_schema: { type: 'object' } },
          { name: 'a', input_schema: { type: 'object' } },
        ],
      },
      /unique/,
    ],
    ['a tool without schema', { ...good, tools: [{ name: 'a' }] }, /tools\.0/],
    [
      'changed thinking',
      {
        ...good,
        messages: [user('hi'), assistant([{ type: 'thinking', thinking: 'a', signature: 'b' }, text]), user('x')],
      },
      /signature/,
    ],
    [
      'a field that a block does not have',
      { ...good, messages: [user([{ ...text, parsed: null }])] },
      /parsed: Extra inputs/,
    ],
    ['a tool call by the user', { ...good, messages: [user([use])] }, /not permitted in user/],
  ])('%s', async (_, body, words) => {
    const { post } = await start([turn.text('never')]);
    const response = await post(body);
    expect(response.status).toBe(400);
    const error = (await response.json()) as { type: string; error: { type: string; message: string } };
    expect(error).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
    expect(error.error.message).toMatch(words);
  });

  test('no key, no version, another path, broken JSON', async () => {
    const { post } = await start([turn.text('never')]);
    expect((await post(good, { 'x-api-key': '' })).status).toBe(401);
    expect((await post(good, { 'x-api-key': '', authorization: 'Bearer ' })).status).toBe(401);
    expect((await post(good, { 'anthropic-version': '' })).status).toBe(400);
    expect((await post(good, {}, '/v1/complete')).status).toBe(404);
    expect((await post('{')).status).toBe(400);
  });
});

describe('answers', () => {
  test('as one message or as a stream, which the SDK puts together to the same', async () => {
    const reply = turn.tools(
      [
        ['read', { file_path: 'ü 👩‍💻'.repeat(200) }],
        ['glob', {}],
      ],
      { thinking: 'Hm. '.repeat(200) },
    );
    const { client } = await start(() => reply);
    const params = {
      model: 'claude-sonnet-5-5',
      max_tokens: 100,
      messages: [{ role: 'user' as const, content: 'hi' }],
    };
    const whole = await client.messages.create(params);
    const streamed = await client.messages.stream(params).finalMessage();
    expect(whole.id).toMatch(/^msg_canned_/);
    expect(whole).toMatchObject({ model: 'claude-sonnet-5-5', stop_reason: 'tool_use', role: 'assistant' });
    const plain = (message: typeof whole) =>
      message.content.map(({ ...block }) => ('id' in block ? { ...block, id: '' } : block));
    expect(plain(streamed)).toEqual(plain(whole));
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
  });

  test('by the prompt, in the order of each script', async () => {
    const { client, model } = await start([
      { match: /slug/i, script: [turn.text('slug 1'), turn.text('slug 2')] },
      { match: /./, script: ({ prompt, turn: step, index }) => turn.text(`${prompt} ${step} ${index}`) },
    ]);
    const ask = async (content: string) => {
      const message = await client.messages.create({
        model: 'm',
        max_tokens: 9,
        messages: [{ role: 'user', content }],
      });
      return message.content[0]?.type === 'text' ? message.content[0].text : '';
    };
    expect(await ask('a slug')).toBe('slug 1');
    expect(await ask('other')).toBe('other 0 1');
    expect(await ask('slugs')).toBe('slug 2');
    await expect(ask('slug')).rejects.toThrow('no turn 3');
    expect(model.requests()).toHaveLength(4);
  });

  test('a port in use is an error', async () => {
    const { model } = await start([]);
    await expect(createScriptedModel({ script: [], port: Number(new URL(model.url).port) })).rejects.toThrow(
      'EADDRINUSE',
    );
  });
});

describe('prompt caching', () => {
  const system = (more = '') => [
    { type: 'text', text: 'rules '.repeat(1_000) + more, cache_control: { type: 'ephemeral' } },
  ];
  type Counts = {
    input_tokens: number;
    cache_read_input_tokens: number;
    cache_creation_input_tokens: number;
    cache_creation: Record<string, number>;
  };

  async function ask() {
    const { post } = await start(() => turn.text('ok'));
    return async (body: object): Promise<Counts> => {
      const answer = (await (await post({ ...good, ...body })).json()) as { usage: Counts };
      return answer.usage;
    };
  }

  test('writes once, reads then, and misses when the prefix changed by a letter', async () => {
    const usage = await ask();
    const first = await usage({ system: system() });
    expect(first.cache_creation_input_tokens).toBeGreaterThan(1_000);
    expect(first.cache_read_input_tokens).toBe(0);
    const second = await usage({ system: system(), messages: [user('another')] });
    expect(second.cache_read_input_tokens).toBe(first.cache_creation_input_tokens);
    expect(second.cache_creation_input_tokens).toBe(0);
    expect(second.input_tokens).toBeGreaterThan(0);
    const changed = await usage({ system: system('!') });
    expect(changed.cache_read_input_tokens).toBe(0);
    expect((await usage({ system: system(), model: 'other' })).cache_read_input_tokens).toBe(0);
  });

  test('nothing is cached without a breakpoint, or below the minimum', async () => {
    const usage = await ask();
    await usage({ system: 'rules '.repeat(1_000) });
    expect((await usage({ system: 'rules '.repeat(1_000) })).cache_read_input_tokens).toBe(0);
    const short = { system: [marked] };
    expect((await usage(short)).cache_creation_input_tokens).toBe(0);
    expect((await usage(short)).cache_read_input_tokens).toBe(0);
  });

  test('automatic caching moves along; more than 20 new blocks break the chain', async () => {
    const usage = await ask();
    const long = user('word '.repeat(1_000));
    const auto = { cache_control: { type: 'ephemeral' } };
    const first = await usage({ ...auto, messages: [long] });
    const grown = [long, assistant('ok'), user('go on')];
    expect((await usage({ ...auto, messages: grown })).cache_read_input_tokens).toBe(first.cache_creation_input_tokens);
    const jump = [...grown, assistant('ok'), user(Array.from({ length: 20 }, () => text))];
    expect((await usage({ ...auto, messages: jump })).cache_read_input_tokens).toBe(0);
  });

  test('tells one hour from five minutes', async () => {
    const usage = await ask();
    const hour = [{ ...system()[0], cache_control: { type: 'ephemeral', ttl: '1h' } }];
    const counts = await usage({ system: hour, cache_control: { type: 'ephemeral' } });
    expect(counts.cache_creation['ephemeral_1h_input_tokens']).toBeGreaterThan(1_000);
    expect(counts.cache_creation['ephemeral_5m_input_tokens']).toBeGreaterThan(0);
  });
});

test('the demo’s script does nothing where the sample repository is not', () => {
  const request = {
    body: { ...good, messages: [] },
    turn: 1,
    index: 0,
    prompt: '',
    tools: [],
    structured: false,
    calls: [],
  };
  expect(demoScript(request)).toMatchObject({ stop: 'end_turn', blocks: [{ type: 'text' }] });
});

describe('structured outputs', () => {
  const answer = async (turns: Turn[]) => {
    const { post } = await start(turns);
    const response = await post(formatted(shape()));
    const body = (await response.json()) as { content?: { text: string }[]; error?: { message: string } };
    return { status: response.status, said: body.content?.[0]?.text ?? body.error?.message };
  };

  test('a reply that fits is sent, and none else', async () => {
    expect(await answer([turn.json({ of: 'x' })])).toEqual({ status: 200, said: '{"of":"x"}' });
    expect(await answer([turn.json({ of: 1 })])).toMatchObject({ status: 400, said: expect.stringContaining('of') });
    expect(await answer([turn.json({ of: 'x', more: 1 })])).toMatchObject({ status: 400 });
    expect(await answer([turn.text('Sure!')])).toMatchObject({
      status: 400,
      said: expect.stringContaining('not JSON'),
    });
  });

  test('a refusal need not fit', async () => {
    expect(await answer([turn.refusal('No.')])).toEqual({ status: 200, said: 'No.' });
  });
});
