/** ROUGE, as rouge-score 0.1.2 computes it without a stemmer (Lin, 2004). */
import { commonCount, ngramCounts, ngramTotal } from './ngrams.js';

/** F-measures from 0 to 1. */
export interface RougeScores {
  /** Of single words. */
  readonly rouge1: number;
  /** Of pairs of words. */
  readonly rouge2: number;
  /** Of the longest common subsequence of words. */
  readonly rougeL: number;
}

/**
 * The scores of a text beside what it should have been. Words are of the letters a to z and of digits; text of other scripts
 * has none and scores 0, as in Python: judge it by chrF.
 */
export function rougeScores(reference: string, prediction: string): RougeScores {
  const [truth, guess] = [wordsOf(reference), wordsOf(prediction)];
  const ofOrder = (order: number) =>
    fMeasure(
      commonCount(ngramCounts(truth, order), ngramCounts(guess, order)),
      ngramTotal(guess, order),
      ngramTotal(truth, order),
    );
  return {
    rouge1: ofOrder(1),
    rouge2: ofOrder(2),
    rougeL: fMeasure(commonSubsequence(truth, guess), guess.length, truth.length),
  };
}

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

function fMeasure(common: number, predicted: number, actual: number): number {
  if (common === 0) return 0;
  const [precision, recall] = [common / predicted, common / actual];
  return (2 * precision * recall) / (precision + recall);
}

/** The length of the longest common subsequence. */
function commonSubsequence(one: readonly string[], other: readonly string[]): number {
  let lengths = new Uint32Array(other.length + 1);
  for (const word of one) {
    const next = new Uint32Array(other.length + 1);
    for (const [index, each] of other.entries()) {
      next[index + 1] = each === word ? lengths[index]! + 1 : Math.max(lengths[index + 1]!, next[index]!);
    }
    lengths = next;
  }
  return lengths[other.length]!;
}
