import { expect, it } from 'vitest';
import { mendingOf } from '../../src/domain/ci.ts';

it('asks for what failed, and says what it is, bounded and without secrets', () => {
  const annotations = [{ path: 'a.js', line: 3, message: 'token s3cret is wrong' }];
  const found = Array.from({ length: 7 }, (_, at) => ({
    name: `job\n${at}`,
    said: at === 0 ? 'x'.repeat(9_000) : ' ',
    annotations,
  }));
  const { prompt, remarks } = mendingOf(found, (text) => text.replaceAll('s3cret', '…'));
  expect(prompt).toBe('Mend what the checks found: job 0, job 1, job 2, job 3, job 4 and 2 more');
  expect(remarks).toHaveLength(8);
  expect(remarks[0]).toEqual({ path: '', line: null, hunk: '', text: 'x'.repeat(5_000), author: 'The check job 0' });
  expect(remarks[1]).toEqual({ path: 'a.js', line: 3, hunk: '', text: 'token … is wrong', author: 'The check job 0' });
});
