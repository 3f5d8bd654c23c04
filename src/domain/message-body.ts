import { cleanJson } from './clean-json.ts';
import type { Redactor } from './redact.ts';
import type { RunStatus } from './run.ts';
import { truncateChars } from './text.ts';

/** A run event as an endpoint is told of it. */
export type MessageFacts = {
  messageId: string;
  type: string;
  at: Date;
  run: { id: string; status: RunStatus; project: { id: string; name: string } };
  step: { id: string; name: string; tool: string } | null;
  seq: number;
  payload: Record<string, unknown>;
};

/** In bytes. Receivers may refuse more: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const LARGEST_BODY = 64 * 1024;

/** What long texts of a payload are cut to, where the whole is too large. */
const CUTS = [4_000, 500, 50] as const;

/**
 * The JSON that is sent: `{ id, type, timestamp, data: { run, step?, seq, payload, truncated? } }`, at most
 * `LARGEST_BODY` bytes, without a secret in it. Only of facts that never change, so that every attempt says the
 * same. Messages may overtake each other: `data.seq` is the event's place in its run.
 */
export function messageBody(facts: MessageFacts, redact: Redactor): string {
  const write = (payload: unknown, more: object = {}) =>
    cleanJson(
      {
        id: facts.messageId,
        type: facts.type,
        timestamp: facts.at.toISOString(),
        data: { run: facts.run, ...(facts.step ? { step: facts.step } : {}), seq: facts.seq, payload, ...more },
      },
      redact,
    );

  const whole = write(facts.payload);
  if (fits(whole)) return whole;
  for (const limit of CUTS) {
    const shorter = write(JSON.parse(cleanJson(facts.payload, redact), cutTo(limit)), { truncated: true });
    if (fits(shorter)) return shorter;
  }
  return write({}, { truncated: true });
}

function cutTo(limit: number): (key: string, part: unknown) => unknown {
  return (_key, part) => (typeof part === 'string' ? truncateChars(part, limit) : part);
}

function fits(body: string): boolean {
  return Buffer.byteLength(body) <= LARGEST_BODY;
}
