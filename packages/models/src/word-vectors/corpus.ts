/** Texts as numbers of words, for training word vectors. */
import { AttuneError } from '@attune/ir';

export interface CorpusOptions {
  /** Rarer words are left out; 5 by default. */
  readonly minCount?: number;
  /**
   * `words`: runs of letters and digits, in lower case. `spaces`: what stands between blanks, as it is, for texts that are
   * split into words already. `words` by default.
   */
  readonly split?: WordSplit;
}

export const wordSplits = ['words', 'spaces'] as const;
export type WordSplit = (typeof wordSplits)[number];

export interface Corpus {
  /** The most frequent first; of equal frequency in the order of the texts. */
  readonly words: readonly string[];
  /** How often each word occurs. */
  readonly counts: Float64Array;
  /** Numbers of words, text after text. */
  readonly ids: Int32Array;
  /** Where each text begins in `ids`, and the end of the last. */
  readonly starts: readonly number[];
}

const wordPattern = /[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}]+)*/gu;

const splitters: Readonly<Record<WordSplit, (text: string) => readonly string[]>> = {
  words: (text) => text.toLowerCase().match(wordPattern) ?? [],
  spaces: (text) => text.split(/\s+/).filter((word) => word !== ''),
};

/**
 * Counts the words of texts and numbers them.
 * @throws AttuneError `E_DATA_EMPTY` if fewer than two words are frequent enough
 */
export async function readCorpus(
  texts: AsyncIterable<string> | Iterable<string>,
  { minCount = 5, split = 'words' }: CorpusOptions = {},
): Promise<Corpus> {
  const numbers = new Map<string, number>();
  const occurrences: number[] = [];
  const ids = new GrowingIds();
  const ends: number[] = [];
  for await (const text of texts) {
    for (const word of splitters[split](text)) {
      const number = numbers.get(word) ?? numbers.size;
      numbers.set(word, number);
      occurrences[number] = (occurrences[number] ?? 0) + 1;
      ids.push(number);
    }
    ends.push(ids.length);
  }
  const kept = [...numbers]
    .filter(([, number]) => occurrences[number]! >= minCount)
    .sort(([, one], [, other]) => occurrences[other]! - occurrences[one]!);
  if (kept.length < 2) {
    const most = occurrences.reduce((largest, count) => Math.max(largest, count), 0);
    throw new AttuneError(
      'E_DATA_EMPTY',
      `Of ${numbers.size} different words, ${kept.length} occur at least ${minCount} times; two are needed.`,
      {
        field: 'minCount',
        hint: `The most frequent word occurs ${most} times: give more text, or a smaller minCount.`,
      },
    );
  }
  const newNumbers = new Int32Array(numbers.size).fill(-1);
  for (const [index, [, number]] of kept.entries()) newNumbers[number] = index;
  return {
    words: kept.map(([word]) => word),
    counts: Float64Array.from(kept, ([, number]) => occurrences[number]!),
    ...renumbered(ids.finish(), ends, newNumbers),
  };
}

/** The ids under their new numbers, without those that have none, and without texts that are empty then. */
function renumbered(ids: Int32Array, ends: readonly number[], newNumbers: Int32Array): Pick<Corpus, 'ids' | 'starts'> {
  const starts = [0];
  let length = 0;
  let from = 0;
  for (const end of ends) {
    for (; from < end; from++) {
      const id = newNumbers[ids[from]!]!;
      if (id >= 0) ids[length++] = id;
    }
    if (length > starts.at(-1)!) starts.push(length);
  }
  return { ids: ids.slice(0, length), starts };
}

class GrowingIds {
  #ids = new Int32Array(1024);
  length = 0;

  push(id: number): void {
    if (this.length === this.#ids.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.length++] = id;
  }

  finish(): Int32Array {
    return this.#ids.subarray(0, this.length);
  }
}
