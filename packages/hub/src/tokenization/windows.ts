/** Puts encodings together: truncated texts in their template, and the windows over what was cut off. */
import { Encoding, type TextTokens } from './encoding.js';
import type { Template } from './template.js';
import { keptLengths, type TokenRange, type TruncationOptions, windowsOf } from './truncation.js';

export interface WindowOptions extends TruncationOptions {
  readonly addSpecialTokens: boolean;
  /** Whether each encoding is turned round. */
  readonly isBackwards: boolean;
}

/** The encoding of one text or of two; its `overflowing` are the other windows, in the order of the Rust library. */
export function windowEncodings(texts: readonly TextTokens[], template: Template, options: WindowOptions): Encoding {
  const { isBackwards } = options;
  const lengths = texts.map(({ ids }) => ids.length);
  const kept = keptLengths(lengths[0]!, lengths[1], options);
  const windows = lengths.map((length, index) => windowsOf(length, kept[index]!, options));
  const pieces = (texts.length > 1 ? template.pair : template.single).filter(
    ({ kind }) => options.addSpecialTokens || kind === 'text',
  );
  const truncated = windows.some(({ length }) => length > 1);
  const make = (ranges: readonly TokenRange[], overflowing: () => readonly Encoding[]): Encoding =>
    new Encoding({ pieces, texts, ranges, trimOffsets: template.trimOffsets, truncated, isBackwards, overflowing });
  const rest = () => overflowingRanges(windows).map((ranges) => make(ranges, () => []));
  return make(
    windows.map(([first]) => first!),
    rest,
  );
}

/** All pairs of windows but the first: those with later windows of the first text come before. */
function overflowingRanges([first = [], second]: readonly (readonly TokenRange[])[]): (readonly TokenRange[])[] {
  if (!second) return first.slice(1).map((range) => [range]);
  const later = first.slice(1).flatMap((range) => second.map((other) => [range, other]));
  return [...later, ...second.slice(1).map((other) => [first[0]!, other])];
}
