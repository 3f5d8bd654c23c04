import { expect, it } from 'vitest';
import { keepBytes } from '../../src/workspace/kept-bytes.ts';

it('lets go of what was not asked for longest, and of what is larger than all it may keep', () => {
  const kept = keepBytes(10);
  kept.set('a', Buffer.alloc(3));
  kept.set('b', Buffer.alloc(3));
  expect(kept.get('a')).toHaveLength(3);
  kept.set('c', Buffer.alloc(3));
  expect(['a', 'b', 'c'].map((key) => kept.get(key)?.length)).toEqual([3, undefined, 3]);
  kept.set('c', Buffer.alloc(5));
  kept.set('huge', Buffer.alloc(10));
  expect(['a', 'c', 'huge'].map((key) => kept.get(key)?.length)).toEqual([undefined, undefined, undefined]);
});
