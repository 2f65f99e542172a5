/** chrF of a whole set of texts, as sacrebleu 2.6.0 computes it (Popović, 2015). */
import { expectPairs } from './confusion.js';
import { commonCount, ngramCounts, ngramTotal, pythonWords } from './ngrams.js';

const orders = [1, 2, 3, 4, 5, 6];
/** Recall counts so many times as much as precision, squared. */
const beta = 2;

/**
 * From 0 to 100: the F-score of sequences of up to six characters, without spaces. It serves for every script.
 * @param references what each text should have been
 * @throws AttuneError `E_DATA` for lists that do not pair up
 */
export function chrf(references: readonly string[], predictions: readonly string[]): number {
  expectPairs(references, predictions);
  const pairs = predictions.map((prediction, index) => ({
    truth: charactersOf(references[index]!),
    guess: charactersOf(prediction),
  }));
  const shares = orders.flatMap((order) => {
    let [common, predicted, actual] = [0, 0, 0];
    for (const { truth, guess } of pairs) {
      common += commonCount(ngramCounts(guess, order, ''), ngramCounts(truth, order, ''));
      actual += ngramTotal(truth, order);
      // A text whose reference is too short for the order does not count.
      if (truth.length >= order) predicted += ngramTotal(guess, order);
    }
    return predicted > 0 && actual > 0 ? [{ precision: common / predicted, recall: common / actual }] : [];
  });
  const mean = (which: 'precision' | 'recall') => shares.reduce((sum, each) => sum + each[which], 0) / shares.length;
  if (shares.length === 0) return 0;
  const [precision, recall] = [mean('precision'), mean('recall')];
  if (precision + recall === 0) return 0;
  return (100 * (1 + beta ** 2) * precision * recall) / (beta ** 2 * precision + recall);
}

const charactersOf = (text: string): readonly string[] => [...pythonWords(text).join('')];
