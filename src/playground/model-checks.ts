import { z } from 'zod';
import { schemaProblem } from './model-schema.ts';
import type { Block, RequestBody } from './model-script.ts';

/**
 * Refuses what the Messages API refuses for today's models: platform.claude.com, "Migrating to Claude
 * Sonnet 5.5" and "Errors". Wording follows the API's where it is known; only the status and the error's
 * type are promised.
 */

const CacheControl = z.strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() });
const AnyBlock = z.looseObject({ type: z.string(), cache_control: CacheControl.nullish() });
const Tool = z.looseObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  input_schema: z.looseObject({ type: z.literal('object') }),
  cache_control: CacheControl.nullish(),
});
const Request = z.strictObject({
  model: z.string().min(1),
  max_tokens: z.number().int().min(1).max(128_000),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['user', 'assistant']),
        content: z.union([z.string().min(1), z.array(AnyBlock).min(1)]),
      }),
    )
    .min(1),
  system: z.union([z.string(), z.array(AnyBlock)]).optional(),
  tools: z.array(Tool).optional(),
  tool_choice: z.looseObject({ type: z.string() }).optional(),
  thinking: z.looseObject({ type: z.string() }).optional(),
  output_config: z
    .strictObject({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish(),
      format: z.strictObject({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()) }).nullish(),
    })
    .optional(),
  cache_control: CacheControl.nullish(),
  stop_sequences: z.array(z.string()).optional(),
  metadata: z.strictObject({ user_id: z.string().nullish() }).optional(),
  service_tier: z.enum(['auto', 'standard_only']).optional(),
  stream: z.boolean().optional(),
});

/** The first thing wrong with a request body, in words, or null. */
export function problemOf(body: unknown): string | null {
  return sampling(body) ?? shape(body) ?? rules(body as RequestBody);
}

function sampling(body: unknown): string | null {
  if (typeof body !== 'object' || body === null) return 'The request body is not a JSON object.';
  const used = ['temperature', 'top_p', 'top_k'].find((name) => name in body);
  return used ? `${used}: sampling parameters are not supported for this model.` : null;
}

function shape(body: unknown): string | null {
  const parsed = Request.safeParse(body);
  if (parsed.success) return null;
  const issue = parsed.error.issues[0]!;
  if (issue.code === 'unrecognized_keys')
    return `${[...issue.path, issue.keys[0]].join('.')}: Extra inputs are not permitted`;
  return `${issue.path.join('.')}: ${issue.message}`;
}

function rules(body: RequestBody): string | null {
  return thinking(body) ?? toolChoice(body) ?? tools(body) ?? conversation(body) ?? caching(body) ?? structured(body);
}

function thinking(body: RequestBody): string | null {
  const setting = body['thinking'] as { type: string; budget_tokens?: unknown } | undefined;
  if (!setting) return null;
  if (setting.type === 'enabled' || 'budget_tokens' in setting) {
    return '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.';
  }
  if (setting.type === 'disabled') {
    return '"thinking.type.disabled" is not supported for this model. To turn thinking off on this model, send "thinking": {"type": "between_tools"}.';
  }
  if (setting.type !== 'adaptive' && setting.type !== 'between_tools')
    return `thinking.type: unknown value '${setting.type}'`;
  const effort = (body['output_config'] as { effort?: string } | undefined)?.effort;
  if (setting.type === 'between_tools' && (effort === 'xhigh' || effort === 'max')) {
    return `"thinking.type.between_tools" is not supported at effort "${effort}".`;
  }
  return null;
}

function toolChoice(body: RequestBody): string | null {
  const choice = body['tool_choice'] as { type: string } | undefined;
  if (!choice || choice.type === 'auto' || choice.type === 'none') return null;
  return `tool_choice: forcing tool use with "${choice.type}" is not supported for this model. Use "auto".`;
}

function tools(body: RequestBody): string | null {
  const names = (body.tools ?? []).map((tool) => tool.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  return twice ? `tools: Tool names must be unique. '${twice}' is given twice.` : null;
}

function conversation(body: RequestBody): string | null {
  const { messages } = body;
  if (messages[0]!.role !== 'user') return 'messages: first message must use the "user" role';
  if (messages.at(-1)!.role === 'assistant') {
    return 'This model does not support assistant message prefill. The conversation must end with a user message.';
  }
  for (const [i, message] of messages.entries()) {
    const problem = content(message.role, blocksOf(message.content), `messages.${i}`) ?? pairs(messages, i);
    if (problem) return problem;
  }
  return null;
}

/** What the API knows about each kind of block; more than that is refused. */
const FIELDS: Record<string, string[]> = {
  text: ['text', 'citations'],
  thinking: ['thinking', 'signature'],
  redacted_thinking: ['data'],
  tool_use: ['id', 'name', 'input', 'caller'],
  tool_result: ['tool_use_id', 'content', 'is_error'],
  image: ['source'],
  document: ['source', 'title', 'context', 'citations'],
};

function content(role: string, blocks: Block[], where: string): string | null {
  const allowed =
    role === 'user'
      ? ['text', 'tool_result', 'image', 'document']
      : ['text', 'thinking', 'redacted_thinking', 'tool_use'];
  for (const [i, block] of blocks.entries()) {
    const at = `${where}.content.${i}`;
    if (!allowed.includes(block.type)) return `${at}: '${block.type}' blocks are not permitted in ${role} messages`;
    const extra = Object.keys(block).find((key) => !['type', 'cache_control', ...FIELDS[block.type]!].includes(key));
    if (extra !== undefined) return `${at}.${extra}: Extra inputs are not permitted`;
    if (block.type === 'text' && (typeof block['text'] !== 'string' || block['text'] === '')) {
      return block.cache_control
        ? `${at}.text: cache_control cannot be set for empty text blocks`
        : `${at}.text: text content blocks must be non-empty`;
    }
    if (block.type === 'tool_use' && (typeof block['input'] !== 'object' || block['input'] === null)) {
      return `${at}.input: Input should be a valid dictionary`;
    }
    if (block.type === 'thinking' && block['signature'] !== signatureOf(String(block['thinking']))) {
      return `${at}: Invalid \`signature\` in \`thinking\` block. Thinking blocks must be passed back as they came.`;
    }
  }
  return null;
}

/** Every tool call is answered by the next message, first thing, once; nothing else is. */
function pairs(messages: RequestBody['messages'], i: number): string | null {
  const message = messages[i]!;
  const blocks = blocksOf(message.content);
  if (message.role === 'assistant') {
    const asked = blocks.filter((block) => block.type === 'tool_use').map((block) => block['id']);
    const answered = resultsOf(messages[i + 1]);
    const open = asked.filter((id) => !answered.includes(id));
    return open.length === 0
      ? null
      : `messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
  }
  const before = messages[i - 1];
  const asked =
    before?.role === 'assistant'
      ? blocksOf(before.content)
          .filter((b) => b.type === 'tool_use')
          .map((b) => b['id'])
      : [];
  const answered = resultsOf(message);
  const stray = answered.find((id, n) => !asked.includes(id) || answered.indexOf(id) !== n);
  if (stray !== undefined) {
    return `messages.${i}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${JSON.stringify(stray)}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
  }
  const lastResult = blocks.findLastIndex((block) => block.type === 'tool_result');
  const firstOther = blocks.findIndex((block) => block.type !== 'tool_result');
  return lastResult >= 0 && firstOther >= 0 && firstOther < lastResult
    ? `messages.${i}: \`tool_result\` blocks must come before other content`
    : null;
}

function caching(body: RequestBody): string | null {
  const marked = [
    ...(body.tools ?? []),
    ...(Array.isArray(body.system) ? body.system : []),
    ...body.messages.flatMap((message) => blocksOf(message.content)),
  ].filter((part) => part.cache_control);
  if (Array.isArray(body.system) && body.system.some((block) => block['text'] === '')) {
    return 'system: text content blocks must be non-empty';
  }
  const found = marked.length + (body.cache_control ? 1 : 0);
  if (found > 4) return `A maximum of 4 blocks with cache_control may be provided. Found ${found}.`;
  if (marked.some((part) => 'type' in part && part.type === 'thinking'))
    return 'cache_control cannot be set on thinking blocks';
  return null;
}

/** Structured outputs: a schema outside of what the API can hold a reply to, or used together with citations. */
function structured(body: RequestBody): string | null {
  const schema = formatOf(body);
  if (schema === null) return null;
  const problem = schemaProblem(schema);
  if (problem) return `output_config.format.schema: ${problem}`;
  const cited = body.messages.flatMap((message) => blocksOf(message.content)).some((block) => block['citations']);
  return cited ? 'output_config.format: citations cannot be used together with structured outputs.' : null;
}

/** The schema that a reply is held to; null where there is none. */
export function formatOf(body: RequestBody): Record<string, unknown> | null {
  const config = body['output_config'] as { format?: { schema: Record<string, unknown> } | null } | undefined;
  return config?.format?.schema ?? null;
}

export function blocksOf(body: string | Block[]): Block[] {
  return typeof body === 'string' ? [{ type: 'text', text: body }] : body;
}

function resultsOf(message: RequestBody['messages'][number] | undefined): unknown[] {
  if (message?.role !== 'user') return [];
  return blocksOf(message.content)
    .filter((block) => block.type === 'tool_result')
    .map((block) => block['tool_use_id']);
}

/** Stands in for the cryptographic signature of a thinking block: enough to notice a changed one. */
export function signatureOf(thinking: string): string {
  return `canned-${thinking.length}-${Buffer.from(thinking).toString('base64url').slice(0, 24)}`;
}
