import fc from 'fast-check';
import { expect, it } from 'vitest';
import { passage, wordsIn } from '../../src/domain/passage.ts';

it('knows the words that are to be shown', () => {
  expect(wordsIn('Add "a slugify" or helper -tests -"not this" add')).toEqual(['add', 'a', 'slugify', 'helper']);
  expect(wordsIn(' - "" ')).toEqual([]);
});

it('marks words and their longer forms where they begin, and no others', () => {
  expect(passage('A test, two\n tests; contest', ['test'], 100)).toEqual([
    { text: 'A ', hit: false },
    { text: 'test', hit: true },
    { text: ', two ', hit: false },
    { text: 'tests', hit: true },
    { text: '; contest', hit: false },
  ]);
  expect(passage('nothing', [], 100)).toEqual([{ text: 'nothing', hit: false }]);
});

it('shows the part with the first of them, and says that it is one', () => {
  const text = `${'word '.repeat(100)}needle ${'word '.repeat(100)}`;
  const shown = passage(text, ['needle'], 60);
  expect(shown).toContainEqual({ text: 'needle', hit: true });
  expect(shown[0]!.text.startsWith('…')).toBe(true);
  expect(shown.at(-1)!.text.endsWith('…')).toBe(true);
});

it('takes any search and any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (search, text) => {
      const shown = passage(text, wordsIn(search), 40)
        .map((piece) => piece.text)
        .join('');
      expect(shown.length).toBeLessThanOrEqual(42);
    }),
  );
});
