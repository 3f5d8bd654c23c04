import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LARGEST_BODY, messageBody, type MessageFacts } from '../../src/domain/message-body.ts';
import { createRedactor } from '../../src/domain/redact.ts';

const secret = 'canary-"secret"\\that\nmust stay';
const redact = createRedactor(() => [secret]);

const facts = (payload: Record<string, unknown>): MessageFacts => ({
  messageId: 'msg_1',
  type: 'step.failed',
  at: new Date('2026-01-02T03:04:05.678Z'),
  run: { id: 'run_1', status: 'running', project: { id: 'gh_7', name: 'acme/text-kit' } },
  step: { id: 'step_1', name: 'a', tool: 'codegen' },
  seq: 4,
  payload,
});

describe('the body of a message', () => {
  it('says what happened, when, to which run', () => {
    expect(JSON.parse(messageBody(facts({ attempt: 1 }), redact))).toEqual({
      id: 'msg_1',
      type: 'step.failed',
      timestamp: '2026-01-02T03:04:05.678Z',
      data: {
        run: { id: 'run_1', status: 'running', project: { id: 'gh_7', name: 'acme/text-kit' } },
        step: { id: 'step_1', name: 'a', tool: 'codegen' },
        seq: 4,
        payload: { attempt: 1 },
      },
    });
    expect(JSON.parse(messageBody({ ...facts({}), step: null }, redact)).data).not.toHaveProperty('step');
  });

  it('has no secret in it, in a text, in a name, or made of a name and its value', () => {
    const body = messageBody(
      facts({ deep: [{ log: `a ${secret} b` }], [secret]: 1, authorization: `Bearer ${'t'.repeat(20)}` }),
      redact,
    );
    expect(body).not.toMatch(/canary|ttt/);
    expect(JSON.parse(body).data.payload.deep).toEqual([{ log: 'a [redacted] b' }]);
  });

  it('is cut to what receivers take, long texts first', () => {
    const body = messageBody(facts({ short: 'kept', long: '€'.repeat(60_000) }), redact);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LARGEST_BODY);
    expect(JSON.parse(body).data).toMatchObject({
      truncated: true,
      payload: { short: 'kept', long: expect.stringMatching(/^€{3999}…$/) },
    });
    const many = messageBody(facts({ list: Array.from({ length: 200_000 }, () => 1) }), redact);
    expect(JSON.parse(many).data).toMatchObject({ seq: 4, truncated: true, payload: {} });
  });

  it('is small, clean JSON whatever the payload', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constant(secret),
      fc.constant('-----BEGIN PRIVATE KEY-----abc\\"\\'),
      fc.constant('x"'.repeat(20_000)),
    );
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text), fc.jsonValue())), (payload) => {
        const body = messageBody(facts(payload), redact);
        expect(JSON.parse(body).id).toBe('msg_1');
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LARGEST_BODY);
        expect(body).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
      { numRuns: 60 },
    );
  });
});
