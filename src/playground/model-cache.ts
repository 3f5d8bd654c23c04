import { createHash } from 'node:crypto';
import { blocksOf } from './model-checks.ts';
import type { CacheControl, RequestBody } from './model-script.ts';

/**
 * Prompt caching as the Messages API does it (platform.claude.com, "Prompt caching"), on the request's real
 * prefix: tools, then system, then messages. A breakpoint writes what is before it; a later request reads the
 * longest stored prefix found at one of its breakpoints or up to 20 blocks before it. Shorter than
 * `minimum` tokens, nothing is cached. Different here: nothing expires, and a token is four characters.
 */
export type CachedUsage = {
  input_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
  cache_creation: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number };
};

const LOOKBACK = 20;

export function createPromptCache({ minimum = 512 }: { minimum?: number } = {}) {
  const stored = new Set<string>();

  return function account(body: RequestBody): CachedUsage {
    const prefix = prefixOf(body);
    const total = prefix.at(-1)?.tokens ?? 0;
    const breaks = prefix.flatMap((part, i) => (part.cache && part.tokens >= minimum ? [i] : []));

    let read = 0;
    for (const at of breaks) {
      for (let i = at; i >= 0 && i >= at - LOOKBACK; i--) {
        const part = prefix[i]!;
        if (stored.has(part.hash)) {
          read = Math.max(read, part.tokens);
          break;
        }
      }
    }
    let written5m = 0;
    let written1h = 0;
    let upTo = read;
    for (const at of breaks) {
      const part = prefix[at]!;
      stored.add(part.hash);
      const fresh = Math.max(0, part.tokens - upTo);
      if (part.cache?.ttl === '1h') written1h += fresh;
      else written5m += fresh;
      upTo = Math.max(upTo, part.tokens);
    }
    return {
      input_tokens: total - upTo,
      cache_read_input_tokens: read,
      cache_creation_input_tokens: written5m + written1h,
      cache_creation: { ephemeral_5m_input_tokens: written5m, ephemeral_1h_input_tokens: written1h },
    };
  };
}

type Part = { hash: string; tokens: number; cache: CacheControl | null };

/** The prompt as a list of growing prefixes, each with its hash and its length in tokens. */
function prefixOf(body: RequestBody): Part[] {
  const pieces: { text: string; cache: CacheControl | null }[] = [];
  const add = (value: Record<string, unknown>, role: string) => {
    const { cache_control: cache, ...rest } = value;
    pieces.push({ text: role + JSON.stringify(rest), cache: (cache as CacheControl | undefined) ?? null });
  };
  for (const tool of body.tools ?? []) add(tool, 'tool');
  for (const block of blocksOf(body.system ?? [])) add(block, 'system');
  for (const message of body.messages) for (const block of blocksOf(message.content)) add(block, message.role);
  // Automatic caching puts its breakpoint on the last block.
  const last = pieces.at(-1);
  if (last && body.cache_control) last.cache ??= body.cache_control;

  let hash = createHash('sha256').update(body.model).digest('hex');
  let characters = 0;
  return pieces.map(({ text, cache }) => {
    hash = createHash('sha256').update(hash).update(text).digest('hex');
    characters += text.length;
    return { hash, tokens: Math.ceil(characters / 4), cache };
  });
}
