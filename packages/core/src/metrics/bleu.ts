/** BLEU of a whole set of texts, as sacrebleu 2.6.0 computes it (Papineni et al., 2002; Post, 2018). */
import { expectPairs } from './confusion.js';
import { commonCount, ngramCounts, ngramTotal, pythonWords } from './ngrams.js';

/** How texts become words: `13a` as for Western languages, `zh` with each Chinese character as one. */
export const bleuTokenizers = ['13a', 'zh'] as const;
export type BleuTokenizer = (typeof bleuTokenizers)[number];

export interface BleuOptions {
  /** `13a` by default. */
  readonly tokenize?: BleuTokenizer | undefined;
}

const orders = [1, 2, 3, 4];

/**
 * From 0 to 100: of sequences of up to four words, smoothed exponentially, with the penalty for brevity.
 * @param references what each text should have been
 * @throws AttuneError `E_DATA` for lists that do not pair up
 */
export function bleu(
  references: readonly string[],
  predictions: readonly string[],
  { tokenize = '13a' }: BleuOptions = {},
): number {
  expectPairs(references, predictions);
  const common = orders.map(() => 0);
  const total = orders.map(() => 0);
  let [truthLength, guessLength] = [0, 0];
  for (const [index, prediction] of predictions.entries()) {
    const [truth, guess] = [references[index]!, prediction].map((text) => wordsOf(text, tokenize)) as [Words, Words];
    truthLength += truth.length;
    guessLength += guess.length;
    for (const [place, order] of orders.entries()) {
      common[place]! += commonCount(ngramCounts(guess, order), ngramCounts(truth, order));
      total[place]! += ngramTotal(guess, order);
    }
  }
  if (common.every((count) => count === 0) || total.includes(0)) return 0;
  let smoothing = 1;
  const precisions = common.map((count, place) => {
    if (count > 0) return (100 * count) / total[place]!;
    smoothing *= 2;
    return 100 / (smoothing * total[place]!);
  });
  const brevity = guessLength < truthLength ? Math.exp(1 - truthLength / guessLength) : 1;
  return brevity * Math.exp(precisions.reduce((sum, precision) => sum + Math.log(precision), 0) / orders.length);
}

type Words = readonly string[];

function wordsOf(text: string, tokenize: BleuTokenizer): Words {
  if (tokenize === 'zh') return pythonWords(split(text.replace(chinese, ' $& ')));
  const line = text
    .trimEnd()
    .replaceAll('<skipped>', '')
    .replaceAll('-\n', '')
    .replaceAll('\n', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
  return pythonWords(split(` ${line} `));
}

/** Punctuation apart from words, but within numbers. */
const split = (text: string): string =>
  text
    .replace(/[{-~[-` -&(-+:-@/]/g, ' $& ')
    .replace(/([^0-9])([.,])/gu, '$1 $2 ')
    .replace(/([.,])([^0-9])/gu, ' $1 $2')
    .replace(/([0-9])(-)/g, '$1 $2 ');

// The ranges of sacrebleu's tokenizer_zh as Python reads them: two of them, meant for characters beyond U+FFFF, stand for
// U+2001 to U+2A6D and U+2F81 to U+2FA1 there.
const chinese =
  /[\u2001-\u2a6d\u2e80-\u2fff\u3000-\u303f\u3100-\u312f\u31a0-\u31bf\u31c0-\u31ef\u3200-\u33ff\u3400-\u4db5\u4e00-\u9fbb\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uffef]/gu;
