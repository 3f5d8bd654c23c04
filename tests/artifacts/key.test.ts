import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf } from '../../src/artifacts/key.ts';
import { UserError } from '../../src/errors.ts';

describe('keyOf', () => {
  it.each([
    ['runs/run_1/steps/step-2/src/slugify.ts', 'runs/run_1/steps/step-2/src/slugify.ts'],
    ['a b/ünï.txt', 'a=20b/=C3=BCn=C3=AF.txt'],
    ['100%.txt', '100=25.txt'],
    ['a=20b', 'a=3D20b'],
    ['[id].tsx', '=5Bid=5D.tsx'],
    ['back\\slash', 'back=5Cslash'],
    ['..a/b..', '..a/b..'],
    ['-rf', '-rf'],
  ])('%s', (path, key) => {
    expect(keyOf(path)).toBe(key);
  });

  it.each([
    '',
    '/etc/passwd',
    'C:\\x',
    'C:/x',
    '\\\\host\\share',
    '..',
    'a/../b',
    '../../etc/x',
    './a',
    'a/.',
    'a//b',
    'a/',
    'a\0b',
    '..%2fx',
    'a/%2e%2e/b',
    '%2E%2E%5Cx',
    '..%252fx',
    '%25252e%25252e%25252fx',
    'a%00b',
    '..\\x',
    'a\\..\\x',
    '%2fetc',
    '\ud800',
    'x'.repeat(5000),
  ])('refuses %j', (path) => {
    expect(() => keyOf(path)).toThrow(UserError);
  });

  it('shortens long names without mixing them up', () => {
    const long = 'é'.repeat(120);
    const key = keyOf(`runs/r/${long}.ts`);
    expect(key).toMatch(/^runs\/r\/(=C3=A9)+(=C3)?=h[0-9a-f]{64}$/);
    expect(keyOf(`runs/r/${long}.js`)).not.toBe(key);
    const deep = keyOf(`runs/r/${'folder/'.repeat(300)}a.ts`);
    expect(deep).toMatch(/^runs\/r\/(folder\/)+=h[0-9a-f]{64}$/);
    expect(deep.length).toBeLessThan(800);
  });

  it('gives every path a key of its own, in characters that Supabase and file systems take', () => {
    const part = fc.string({ unit: 'binary', minLength: 1, maxLength: 80 });
    const path = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
    const keyOrNull = (text: string) => {
      try {
        return keyOf(text);
      } catch {
        return null;
      }
    };
    fc.assert(
      fc.property(path, path, (a, b) => {
        const [one, two] = [keyOrNull(a), keyOrNull(b)];
        if (one === null) return;
        expect(one).toMatch(/^[A-Za-z0-9._=-]+(\/[A-Za-z0-9._=-]+)*$/);
        expect(one.split('/').every((component) => component.length <= 200)).toBe(true);
        if (a !== b) expect(one).not.toBe(two);
      }),
    );
  });
});
