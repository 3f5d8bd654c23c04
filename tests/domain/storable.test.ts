import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStorable, storableBody, storableJson, storableText } from '../../src/domain/storable.ts';

describe('text that Postgres keeps', () => {
  it('is any text but U+0000 and halves of characters, which are shown to be missing', () => {
    expect(storableText('a\0b \ud83d c \ude00 d')).toBe('a\ufffdb \ufffd c \ufffd d');
    expect(storableText('Ünïcödé 🎉\n\u0001')).toBe('Ünïcödé 🎉\n\u0001');
  });

  it('is the same in JSON, in its names and its texts, however deep', () => {
    expect(JSON.parse(storableJson({ 'a\0': ['\ud83d', { b: 'c\0', d: 1, e: null }] }))).toEqual({
      'a\ufffd': ['\ufffd', { b: 'c\ufffd', d: 1, e: null }],
    });
  });

  it('is not what only speaks of it', () => {
    const value = { code: String.raw`"\u0000" and "\ud83d"`, emoji: '🎉' };
    expect(JSON.parse(storableJson(value))).toEqual(value);
    expect(isStorable(JSON.stringify(value))).toBe(true);
  });

  it('leaves JSON as it came where nothing is wrong with it', () => {
    const body = '{ "n": 1.0, "big": 12345678901234567890, "t": "\\u00fc" }';
    expect(storableBody(body)).toBe(body);
    expect(storableBody('{"t":"\\ud83c\\udf89"}')).toBe('{"t":"🎉"}');
  });

  it('is what comes out, whatever goes in', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const json = storableJson(value);
        expect(isStorable(json)).toBe(true);
        expect(storableBody(JSON.stringify(value))).toBe(json);
        if (isStorable(JSON.stringify(value))) expect(json).toBe(JSON.stringify(value));
      }),
    );
  });
});
