/**
 * BERT's normalizer as the Rust library does it, with the alignment to the source: control characters go, blanks
 * become spaces, ideographs get spaces around them, accents are stripped, letters become small.
 */
import { type AlignedText, AlignedWriter, endOf, relabel, startOf } from './aligned-text.js';
import type { Budget } from './budget.js';
import { lateFormat, lateMarks } from './late-characters.js';
import { mapUnits } from './map-units.js';

export interface BertNormalizerOptions {
  readonly cleanText: boolean;
  readonly handleChineseCharacters: boolean;
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

const controls = new RegExp(`(?![${lateFormat}])[\\p{Cc}\\p{Cf}\\p{Co}\\p{Cs}\\ufffd]`, 'u');
const unknownMarks = new RegExp(`[${lateMarks}]`, 'u');

export function normalizeBert(
  aligned: AlignedText,
  options: BertNormalizerOptions,
  budget: Budget,
  field: string,
): AlignedText {
  const { text } = aligned;
  if (/^[\n\r\t\x20-\x7e]*$/.test(text)) {
    const cleaned = options.cleanText && /[\n\r\t]/.test(text) ? mapUnits(text, spaceOf) : text;
    return relabel(aligned, options.lowercase ? cleaned.toLowerCase() : cleaned);
  }
  const writer = new AlignedWriter(text.length * 2, budget, field);
  for (let unit = 0; unit < text.length; ) {
    budget.tick(field);
    const code = text.codePointAt(unit)!;
    const character = String.fromCodePoint(code);
    const [start, end] = [startOf(aligned, unit), endOf(aligned, unit + character.length - 1)];
    unit += character.length;
    if (code < 0x80) {
      writer.write(normalizeAscii(character, code, options), start, end);
      continue;
    }
    if (options.cleanText && controls.test(character)) continue;
    const padded = options.handleChineseCharacters && isIdeograph(code);
    if (padded) writer.write(' ', start, end);
    writer.write(normalizeCharacter(character, options), start, end);
    if (padded) writer.write(' ', start, end);
  }
  return writer.finish();
}

const spaceOf = (unit: number): number => Math.max(unit, 0x20);

function normalizeAscii(character: string, code: number, { cleanText, lowercase }: BertNormalizerOptions): string {
  if (cleanText) {
    if (code === 9 || code === 10 || code === 13) return ' ';
    if (code < 32 || code === 127) return '';
  }
  return lowercase ? character.toLowerCase() : character;
}

/** Character by character, as the Rust library: a final sigma stays an ordinary one. */
function normalizeCharacter(character: string, { cleanText, stripAccents, lowercase }: BertNormalizerOptions): string {
  if (cleanText && /\p{White_Space}/u.test(character)) return ' ';
  const plain =
    stripAccents && !unknownMarks.test(character) ? character.normalize('NFD').replace(/\p{Mn}/gu, '') : character;
  return lowercase ? Array.from(plain, (letter) => letter.toLowerCase()).join('') : plain;
}

/** The Rust library's ranges; it leaves out U+2B820 to U+2B91F. */
const isIdeograph = (code: number): boolean =>
  (code >= 0x4e00 && code <= 0x9fff) ||
  (code >= 0x3400 && code <= 0x4dbf) ||
  (code >= 0x20000 && code <= 0x2a6df) ||
  (code >= 0x2a700 && code <= 0x2b73f) ||
  (code >= 0x2b740 && code <= 0x2b81f) ||
  (code >= 0x2b920 && code <= 0x2ceaf) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0x2f800 && code <= 0x2fa1f);
