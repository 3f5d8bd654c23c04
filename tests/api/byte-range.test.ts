import { expect, it } from 'vitest';
import { byteRange } from '../../src/api/byte-range.ts';

it.each([
  ['bytes=0-3', { from: 0, to: 3 }],
  ['bytes=8-', { from: 8, to: 9 }],
  ['bytes=-4', { from: 6, to: 9 }],
  ['bytes=-40', { from: 0, to: 9 }],
  ['bytes=5-99', { from: 5, to: 9 }],
  ['bytes=9-9', { from: 9, to: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=3-2', null],
  ['bytes=-', null],
  ['bytes=0-1,4-5', null],
  ['lines=0-1', null],
  [undefined, null],
])('%s of ten bytes', (header, range) => expect(byteRange(header, 10)).toEqual(range));

it('finds nothing in nothing', () => expect(byteRange('bytes=-1', 0)).toBe('unsatisfiable'));
