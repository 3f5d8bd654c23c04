import { expect, it } from 'vitest';
import { whyNotVerified } from '../../src/domain/verified.ts';

type Change = Parameters<typeof whyNotVerified>[0][number];

const written = (more: Partial<Extract<Change, { bytes: Buffer }>> = {}): Change => ({
  status: 'added',
  path: 'a.txt',
  mode: '100644',
  binary: false,
  bytes: Buffer.from('a\n'),
  ...more,
});

it.each<[string, Change[], string | null]>([
  ['text', [written(), { status: 'deleted', path: 'run.sh' }, written({ status: 'renamed', path: 'b.txt' })], null],
  ['an executable', [written({ path: 'run.sh', mode: '100755' })], 'run.sh is executable, or was'],
  ['one that was', [written({ status: 'modified', previousMode: '100755' })], 'a.txt is executable, or was'],
  ['a link', [written({ mode: '120000' })], 'a.txt is a link, or was one'],
  ['a file where a link was', [written({ status: 'modified', previousMode: '120000' })], 'a.txt is a link, or was one'],
  ['no text', [written({ binary: true })], 'a.txt is no text'],
  ['much', [written({ bytes: Buffer.alloc(10 * 1024 * 1024 + 1) })], 'its files have more than 10 MB together'],
  ['many', Array.from({ length: 1_001 }, () => written()), 'it changes more than 1,000 files'],
])('knows what cannot be committed through the API: %s', (_what, changes, why) => {
  expect(whyNotVerified(changes)).toBe(why);
});
