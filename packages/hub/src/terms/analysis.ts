/** The n-grams of a text, as scikit-learn's vectorizers find them. */

/** What n-grams are of: words of two or more letters, or characters within words padded by spaces. */
export const termAnalyzers = ['word', 'char_wb'] as const;

export interface TermAnalysis {
  readonly analyzer: (typeof termAnalyzers)[number];
  /** Lengths of n-grams, both ends included. */
  readonly ngramRange: readonly [number, number];
}

/** The terms of a text in lower case, as often as they occur. */
export const termsOf = (text: string, { analyzer, ngramRange }: TermAnalysis): readonly string[] =>
  analyzer === 'word' ? wordNgrams(text.toLowerCase(), ngramRange) : charNgrams(text.toLowerCase(), ngramRange);

/** As Python's `\b\w\w+\b`: runs of two or more letters, digits or underscores. */
const words = /[\p{L}\p{N}_]{2,}/gu;

function wordNgrams(text: string, [shortest, longest]: readonly [number, number]): readonly string[] {
  const found = text.match(words) ?? [];
  const terms: string[] = [];
  for (let size = shortest; size <= longest; size++) {
    for (let start = 0; start + size <= found.length; start++) terms.push(found.slice(start, start + size).join(' '));
  }
  return terms;
}

/** Within each word and the spaces around it; a word that is shorter than an n-gram counts once for that and longer ones. */
function charNgrams(text: string, [shortest, longest]: readonly [number, number]): readonly string[] {
  const terms: string[] = [];
  for (const word of text.split(/\s+/u)) {
    if (word === '') continue;
    const padded = [' ', ...word, ' '];
    for (let size = shortest; size <= longest; size++) {
      terms.push(padded.slice(0, size).join(''));
      for (let start = 1; start + size <= padded.length; start++) {
        terms.push(padded.slice(start, start + size).join(''));
      }
      if (padded.length <= size) break;
    }
  }
  return terms;
}
