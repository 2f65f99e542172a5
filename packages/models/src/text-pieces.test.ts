import { describe, expect, test } from 'vitest';
import { TextPieces } from './text-pieces.js';

/** Pieces of a text that comes in chunks. */
function piecesOf(chunks: readonly string[], stops: readonly string[]) {
  const pieces = new TextPieces((tokens) => tokens.map((token) => chunks[token]).join(''), stops);
  const shown: string[] = [];
  for (const token of chunks.keys()) {
    shown.push(pieces.add(token));
    if (pieces.hasStopped) break;
  }
  shown.push(pieces.end());
  return { shown, text: pieces.text, hasStopped: pieces.hasStopped };
}

describe('stop strings', () => {
  test.each([
    ['across tokens', ['a', ' EN', 'D', ' b'], [' END'], ['a', '', '', '']],
    ['in one token', ['a b END c', 'd'], [' END'], ['a b', '']],
    ['the first of several', ['x yz', 'w'], ['zw', 'y'], ['x ', '']],
    ['one in another', ['xaab', 'c'], ['aabc', 'ab'], ['xa', '']],
    ['only begun', ['a', ' EN', 'd', ' E'], [' END'], ['a', '', ' ENd', '', ' E']],
    ['begun twice', ['aa', 'aa', 'b'], ['aab'], ['', 'aa', '', '']],
    ['at once', ['stop'], ['stop'], ['', '']],
    ['none', ['a', 'b'], [], ['a', 'b', '']],
  ])('%s', (_, chunks, stops, expected) => {
    const { shown, text } = piecesOf(chunks, stops);
    expect(shown).toEqual(expected);
    expect(text).toBe(expected.join(''));
  });

  test('are those of the whole text, whatever the tokens', () => {
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 16) % below;
    };
    const word = (length: number) => Array.from({ length }, () => 'ab'[random(2)]).join('');
    for (let round = 0; round < 500; round++) {
      const chunks = Array.from({ length: 1 + random(6) }, () => word(1 + random(3)));
      const stops = Array.from({ length: random(3) }, () => word(2 + random(3)));
      const whole = chunks.join('');
      const { text, hasStopped, shown } = piecesOf(chunks, stops);
      // The earliest end decides while tokens come, so that a later token cannot move it forward.
      const ends = chunks.map((_, at) => chunks.slice(0, at + 1).join(''));
      const first = ends.find((part) => stops.some((stop) => part.includes(stop)));
      const places = stops.map((stop) => first?.indexOf(stop) ?? -1).filter((place) => place >= 0);
      expect(text, JSON.stringify({ chunks, stops })).toBe(
        places.length > 0 ? whole.slice(0, Math.min(...places)) : whole,
      );
      expect(hasStopped).toBe(places.length > 0);
      expect(shown.join('')).toBe(text);
    }
  });

  test('wait for characters of several tokens', () => {
    const bytes = [0xc3, 0xa9, 0x78, 0xe2];
    const pieces = new TextPieces((tokens) => new TextDecoder().decode(Uint8Array.from(tokens)), []);
    expect(bytes.map((byte) => pieces.add(byte))).toEqual(['', 'é', 'x', '']);
    expect(pieces.end()).toBe('\uFFFD');
  });
});
