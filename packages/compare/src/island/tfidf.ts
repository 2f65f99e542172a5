/** Texts as weighted counts of their n-grams, with the terms, weights and defaults of scikit-learn's TfidfVectorizer. */
import { type TermAnalysis, termsOf } from '@attune/hub/internal';
import { AttuneError } from '@attune/ir';
import { type SparseRow, sparseRow } from './sparse.js';

export interface TfidfOptions {
  /** What n-grams are of; words by default. */
  readonly analyzer?: TermAnalysis['analyzer'];
  /** Lengths of n-grams, both ends included; [1, 1] by default. */
  readonly ngramRange?: TermAnalysis['ngramRange'];
  /** Texts that a term must occur in; 1 by default. */
  readonly minDf?: number;
  /** Counts a term 1 + ln(count) times; false by default. */
  readonly sublinearTf?: boolean;
}

/**
 * Weighs the terms of texts: count times ln((1 + texts) / (1 + texts with the term)) + 1, each row at length 1. Texts are
 * compared in lower case.
 */
export class Tfidf {
  /** The column of each term. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** The weight of each term. */
  readonly idf: Float64Array;
  readonly #options: Required<TfidfOptions>;

  private constructor(vocabulary: ReadonlyMap<string, number>, idf: Float64Array, options: Required<TfidfOptions>) {
    this.vocabulary = vocabulary;
    this.idf = idf;
    this.#options = options;
  }

  /** Learns the terms of texts and their weights. @throws AttuneError `E_DATA_EMPTY` for texts without a term */
  static fit(texts: readonly string[], options: TfidfOptions = {}): Tfidf {
    const { analyzer = 'word', ngramRange = [1, 1], minDf = 1, sublinearTf = false } = options;
    const settings = { analyzer, ngramRange, minDf, sublinearTf };
    const textsWith = new Map<string, number>();
    for (const text of texts) {
      for (const term of new Set(termsOf(text, settings))) textsWith.set(term, (textsWith.get(term) ?? 0) + 1);
    }
    const kept = [...textsWith].filter(([, count]) => count >= minDf).sort(byCodePoints);
    if (kept.length === 0) {
      throw new AttuneError('E_DATA_EMPTY', `None of the ${texts.length} texts has a word that counts.`, {
        field: 'text',
      });
    }
    const idf = Float64Array.from(kept, ([, count]) => Math.log((1 + texts.length) / (1 + count)) + 1);
    return new Tfidf(new Map(kept.map(([term], column) => [term, column])), idf, settings);
  }

  /** The row of a text; terms that no text of `fit` had count for nothing. */
  transform(text: string): SparseRow {
    const counts = new Map<number, number>();
    for (const term of termsOf(text, this.#options)) {
      const column = this.vocabulary.get(term);
      if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
    }
    for (const [column, count] of counts) {
      counts.set(column, (this.#options.sublinearTf ? 1 + Math.log(count) : count) * this.idf[column]!);
    }
    const { columns, values } = sparseRow(counts);
    const length = Math.hypot(...values);
    return { columns, values: length === 0 ? values : values.map((value) => value / length) };
  }
}

/** Python's order of strings. */
function byCodePoints([one]: readonly [string, number], [other]: readonly [string, number]): number {
  const [left, right] = [[...one], [...other]];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = left[index]!.codePointAt(0)! - right[index]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
