/** How close texts that a model has written are to what they should have been. */
import { type BleuOptions, bleu } from './bleu.js';
import { chrf } from './chrf.js';
import { expectPairs } from './confusion.js';
import { type RougeScores, rougeScores } from './rouge.js';

export interface WrittenTextReport extends RougeScores {
  /** The share of texts that equal their references to the letter. */
  readonly exactMatch: number;
  /** From 0 to 100. */
  readonly bleu: number;
  /** From 0 to 100. */
  readonly chrf: number;
}

/**
 * Exact match and the means of the ROUGE scores, as shares; BLEU and chrF of all texts together, from 0 to 100 as sacrebleu
 * gives them.
 * @param references what each text should have been
 * @throws AttuneError `E_DATA` for lists that do not pair up
 */
export function writtenTextReport(
  references: readonly string[],
  predictions: readonly string[],
  options: BleuOptions = {},
): WrittenTextReport {
  expectPairs(references, predictions);
  const { length } = predictions;
  const scores = predictions.map((prediction, index) => rougeScores(references[index]!, prediction));
  const mean = (which: keyof RougeScores) => scores.reduce((sum, each) => sum + each[which], 0) / length;
  return {
    exactMatch: predictions.filter((prediction, index) => prediction === references[index]).length / length,
    rouge1: mean('rouge1'),
    rouge2: mean('rouge2'),
    rougeL: mean('rougeL'),
    bleu: bleu(references, predictions, options),
    chrf: chrf(references, predictions),
  };
}
