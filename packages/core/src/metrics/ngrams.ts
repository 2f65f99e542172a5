/** Sequences that stand in each other, which metrics of written texts count. */

/** How often each sequence of `order` parts occurs; parts are joined by `separator`, which none of them contains. */
export function ngramCounts(parts: readonly string[], order: number, separator = ' '): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + order <= parts.length; start++) {
    const ngram = parts.slice(start, start + order).join(separator);
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** How many sequences both have, each as often as in the one where it is rarer. */
export function commonCount(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number {
  let common = 0;
  for (const [ngram, count] of one) common += Math.min(count, other.get(ngram) ?? 0);
  return common;
}

/** How many sequences of `order` parts there are. */
export const ngramTotal = (parts: readonly string[], order: number): number => Math.max(0, parts.length - order + 1);

/** The words of a text as Python's `split()` finds them. */
export const pythonWords = (text: string): readonly string[] => text.split(space).filter((word) => word !== '');

// Python takes the separators of ASCII for spaces too, and no byte order mark.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are meant
const space = /[\p{White_Space}\u001c-\u001f]+/u;
