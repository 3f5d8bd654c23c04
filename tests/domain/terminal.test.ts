import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedOutput } from '../../src/domain/bounded-output.ts';
import { plainOutput } from '../../src/domain/terminal.ts';

describe('plainOutput', () => {
  it.each([
    ['\u001b[1;31mred\u001b[0m', 'red'],
    ['\u001b]8;;https://evil\u0007text\u001b]8;;\u001b\\', 'text'],
    ['\u001b]0;title\u0007a', 'a'],
    ['\u009b31mx', 'x'],
    ['10%\r50%\r100%\n', '100%\n'],
    ['windows\r\nlines\r\n', 'windows\nlines\n'],
    ['kept\r\u0000\nwhole\r\u0007\r\n', 'kept\nwhole\n'],
    ['\u0000::add-mask::x', '\u200b::add-mask::x'],
    ['::set-output name=x::y', '\u200b::set-output name=x::y'],
    ['a\n  ::error::x', 'a\n  \u200b::error::x'],
    ['##[command]x', '##\u200b[command]x'],
    ['behind words ##[add-mask]x', 'behind words ##\u200b[add-mask]x'],
    ['\u001b[2K::add-mask::x', '\u200b::add-mask::x'],
    ['a\u0000b\u0008c\u202ed', 'abcd'],
    ['\u001b]never closed\nnext', '\nnext'],
    ['tab\tand ünï 日本', 'tab\tand ünï 日本'],
    ['a::b', 'a::b'],
  ])('%j', (raw, plain) => expect(plainOutput(raw)).toBe(plain));

  it('leaves no control character, whatever comes', () => {
    const piece = fc.constantFrom(
      '\u001b',
      '[',
      ']',
      '8',
      ';',
      '\u0007',
      '\\',
      'm',
      '\r',
      '\n',
      'a',
      '\u009b',
      '\u009d',
      ':',
      '::',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect(plainOutput(pieces.join(''))).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      }),
    );
  });
});

describe('boundedOutput', () => {
  it('keeps all of a short stream, and both ends of a long one', () => {
    const short = boundedOutput(100);
    short.add(Buffer.from('hello'));
    expect(short.text()).toBe('hello');
    const long = boundedOutput(10);
    for (let at = 0; at < 100_000; at++) long.add(Buffer.from(String(at % 10)));
    expect(long.text()).toBe('01234\n[… 99990 bytes left out …]\n56789');
  });

  it('counts right however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 50 })), fc.integer({ min: 2, max: 60 }), (chunks, limit) => {
        const output = boundedOutput(limit);
        const all = Buffer.from(chunks.join('')).toString('latin1');
        for (const chunk of chunks) output.add(Buffer.from(Buffer.from(chunk).toString('latin1'), 'ascii'));
        const dropped = /\[… (\d+) bytes/.exec(output.text())?.[1];
        expect(Number(dropped ?? 0)).toBe(Math.max(0, all.length - limit));
      }),
    );
  });
});
