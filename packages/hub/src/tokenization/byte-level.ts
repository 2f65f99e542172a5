/** The alphabet of byte-level BPE: every byte of the UTF-8 text becomes one printable character. */
import { type AlignedText, AlignedWriter, endOf, relabel, startOf } from './aligned-text.js';
import type { Budget } from './budget.js';
import { mapUnits } from './map-units.js';

const isPrintable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;

/** The letter of each byte. */
export const byteLetters: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
})();

const letterCodes = byteLetters.map((letter) => letter.charCodeAt(0));

const encoder = new TextEncoder();

/** All letters of a character's bytes stand for that character. */
export function toByteLetters(aligned: AlignedText, budget: Budget, field: string): AlignedText {
  const { text } = aligned;
  if (/^\p{ASCII}*$/u.test(text)) {
    return relabel(
      aligned,
      mapUnits(text, (unit) => letterCodes[unit]!),
    );
  }
  const writer = new AlignedWriter(text.length * 3, budget, field);
  for (let unit = 0; unit < text.length; ) {
    budget.tick(field);
    const character = String.fromCodePoint(text.codePointAt(unit)!);
    const bytes = Array.from(encoder.encode(character), (byte) => byteLetters[byte]!).join('');
    writer.write(bytes, startOf(aligned, unit), endOf(aligned, unit + character.length - 1));
    unit += character.length;
  }
  return writer.finish();
}

/**
 * Offsets of a byte-level token without the spaces at its ends (`trim_offsets`). The space that `add_prefix_space` put
 * before the first token is none of the text's.
 */
export function trimOffsets(
  text: string,
  token: string,
  [start, end]: readonly [number, number],
  prefixed: boolean,
): readonly [number, number] {
  const leading = blanks(token);
  const trailing = blanks([...token].reverse());
  let from = start;
  for (let left = leading > 0 && prefixed && start === 0 ? leading - 1 : leading; left > 0 && from < end; left--) {
    from += text.codePointAt(from)! > 0xffff ? 2 : 1;
  }
  return [from, trailing > 0 && end >= trailing ? Math.max(end - trailing, from) : end];
}

function blanks(letters: Iterable<string>): number {
  let count = 0;
  for (const letter of letters) {
    if (!/[Ġ\p{White_Space}]/u.test(letter)) break;
    count++;
  }
  return count;
}
