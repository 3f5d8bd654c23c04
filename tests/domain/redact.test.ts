import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, REDACTED } from '../../src/domain/redact.ts';

/** About as long as GitHub's newest installation tokens, dots included. */
const longToken = `ghs_123456_${'eyJhbGciOiJSUzI1NiJ9'}.${'aB3-_'.repeat(70)}.${'xY9_-'.repeat(30)}`;
const plain = createRedactor(() => []);

describe('live values', () => {
  const secret = `hunter2/very+secret=value ✓ <&'">`;
  const redact = createRedactor(() => [secret, '', 'abc']);

  it.each([
    ['as it is', secret],
    ['URL-encoded', encodeURIComponent(secret)],
    ['in JSON', JSON.stringify({ a: `"${secret}"` })],
    ['hex', Buffer.from(secret).toString('hex')],
    ['hex in capitals', Buffer.from(secret).toString('hex').toUpperCase()],
    ['URL-encoded in small letters', encodeURIComponent(secret).toLowerCase()],
    ['in a form', new URLSearchParams({ secret }).toString().slice('secret='.length)],
    ['in HTML', 'hunter2/very+secret=value ✓ &lt;&amp;&#39;&quot;&gt;'],
  ])('%s', (_, text) => {
    expect(redact(`a ${text} b`)).toContain(REDACTED);
    expect(redact(`a ${text} b`)).not.toContain('hunter2');
    expect(redact(`a ${text} b`)).not.toContain(text);
  });

  it.each(['', 'x', 'ab', 'x-access-token:'])('base64 behind %j', (before) => {
    for (const after of ['', 'y', 'yz', 'yza']) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const text = Buffer.from(before + secret + after).toString(encoding);
        const shown = redact(`header ${text} end`);
        expect(shown).toContain(REDACTED);
        // Nothing that is left decodes to a part of the secret.
        const left = shown.replace('header ', '').replace(' end', '').split(REDACTED);
        for (const part of left) expect(Buffer.from(part, 'base64').toString()).not.toMatch(/unter|secret|value/);
      }
    }
  });

  it('leaves short values and other text alone', () => {
    expect(redact('abc is a word; so is abcdef')).toBe('abc is a word; so is abcdef');
  });

  it('sees values that come later', () => {
    const live = ['first-secret-value'];
    const changing = createRedactor(() => live);
    expect(changing('second-secret-value')).toBe('second-secret-value');
    live.push('second-secret-value');
    expect(changing('second-secret-value')).toBe(REDACTED);
    live[1] = 'third-secret-value';
    expect(changing('third-secret-value')).toBe(REDACTED);
  });

  it('redacts a key line by line', () => {
    const pem = `-----BEGIN RSA PRIVATE KEY-----\n${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo='}\n${'MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3'}\n-----END RSA PRIVATE KEY-----`;
    expect(createRedactor(() => [pem])('line 7: MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3')).toBe(`line 7: ${REDACTED}`);
  });

  it('never lets a value through', () => {
    const alphabet = fc.constantFrom(...'abcXYZ0189+/=.-_%&"\\ é✓');
    fc.assert(
      fc.property(
        fc.string({ unit: alphabet, minLength: 8, maxLength: 60 }),
        fc.string(),
        fc.string(),
        (value, before, after) => {
          fc.pre(value.trim().length >= 8 && !REDACTED.includes(value.trim()));
          const hide = createRedactor(() => [value]);
          for (const form of [
            value.trim(),
            encodeURIComponent(value.trim()),
            Buffer.from(value.trim()).toString('base64'),
          ]) {
            expect(hide(`${before} ${form} ${after}`).split(REDACTED).join('')).not.toContain(form);
          }
        },
      ),
    );
  });
});

describe('well-known forms', () => {
  it.each([
    ['installation token', longToken],
    ['personal token', `ghp_${'a1B2'.repeat(9)}`],
    ['fine-grained token', `github_pat_${'11ABC_'.repeat(13)}`],
    ['Anthropic key', `sk-ant-api03-${'x_-9'.repeat(20)}`],
    ['JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'],
    ['AWS id', 'AKIAIOSFODNN7EXAMPLE'],
    ['PEM', `-----BEGIN PRIVATE KEY-----\n${'QUJD\n'.repeat(30)}-----END PRIVATE KEY-----`],
    ['PEM on one line', `-----BEGIN RSA PRIVATE KEY-----\\n${'QUJD\\n'.repeat(30)}-----END RSA PRIVATE KEY-----`],
  ])('%s', (_, value) => expect(plain(`before ${value}\nafter`)).toBe(`before ${REDACTED}\nafter`));

  it('a key that was cut off', () => {
    expect(plain(`a -----BEGIN EC PRIVATE KEY-----\n${'QUJD'.repeat(30)}\n[cut] b`)).toBe(`a ${REDACTED}[cut] b`);
  });

  it.each([
    ['https://x-access-token:abc@github.com/a/b', `https://${REDACTED}@github.com/a/b`],
    ['postgres://u:p%20@localhost:5432/db', `postgres://${REDACTED}@localhost:5432/db`],
    ['Authorization: Basic eC1hY2Nlc3MtdG9rZW46YWJj', `Authorization: Basic ${REDACTED}`],
    ['authorization: Bearer abcdefgh1234', `authorization: Bearer ${REDACTED}`],
    [`aws_secret_access_key = ${'aB/+'.repeat(10)}`, `aws_secret_access_key = ${REDACTED}`],
  ])('%s', (text, expected) => expect(plain(text)).toBe(expected));

  it.each([
    'https://github.com/a/b/pull/3#issuecomment-1',
    'mail alice@example.com about npm i @types/node',
    'commit 0123456789abcdef0123456789abcdef01234567',
    'nofx/12-add-a-slugify-helper-v6t5s4r3',
    'import x from "https://esm.sh/@scope/pkg"',
  ])('leaves %j alone', (text) => expect(plain(text)).toBe(text));
});

it.each([
  ['a log', 'FAIL src/a.test.ts > adds two numbers: expected 3 to be 4\n'],
  ['many schemes', 'https://'],
  ['many key heads', '-----BEGIN PRIVATE KEY-----\n'],
  ['half tokens', 'eyJhbGciOiJ.'],
  ['base64', 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo'],
  ['white space', 'authorization:    '],
])(
  'is linear on a megabyte of %s',
  (_, unit) => {
    // Twice the text must not cost much more than twice the steps; a quadratic pattern would not end in this test's time.
    const text = unit.repeat(Math.ceil(1_000_000 / unit.length));
    expect(createRedactor(() => [longToken, 'another-secret'])(text)).toBeTypeOf('string');
  },
  10_000,
);

it('our own API keys', () => {
  expect(plain(`key nofx_${'aB3-_'.repeat(9)}.`)).toBe(`key ${REDACTED}.`);
});
