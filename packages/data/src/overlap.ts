/** Keeps the texts of evaluations out of training. */

/** A text as its words in lower case, without punctuation. */
const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/**
 * Tells texts that share a run of `words` words with any of `reserved` (8 by default; GPT-3 used 13 for its longer texts,
 * Brown et al. 2020, arXiv 2005.14165, appendix C), or that hold a whole shorter reserved text of at least `least` words (4
 * by default). Case and punctuation do not count.
 */
export function overlapWith(
  reserved: Iterable<string>,
  { words = 8, least = 4 }: { readonly words?: number; readonly least?: number } = {},
): (text: string) => boolean {
  const runs = new Map<number, Set<string>>();
  for (const text of reserved) {
    const all = wordsOf(text);
    if (all.length < least) continue;
    const length = Math.min(words, all.length);
    const known = runs.get(length) ?? new Set();
    runs.set(length, known);
    for (const run of runsOf(all, length)) known.add(run);
  }
  return (text) => {
    const all = wordsOf(text);
    for (const [length, known] of runs) for (const run of runsOf(all, length)) if (known.has(run)) return true;
    return false;
  };
}

function* runsOf(words: readonly string[], length: number): Generator<string> {
  for (let start = 0; start + length <= words.length; start++) yield words.slice(start, start + length).join(' ');
}
