import { AttuneError } from '@attune/ir';
import type { ClassScores } from './classification.js';
import { expectPairs } from './confusion.js';
import { type Counts, macroF1, scoresOf, sumCounts } from './scores.js';

export interface MultiLabelReport {
  /** The share of examples whose labels are all right. */
  readonly subsetAccuracy: number;
  /** The share of wrong entries. */
  readonly hammingLoss: number;
  readonly macroF1: number;
  readonly microF1: number;
  readonly perClass: readonly ClassScores[];
}

/**
 * Scores of multi-label classification. Each example is a row with 0 or 1 for every class. Unlike scikit-learn's, the
 * macro average leaves out classes that are neither among the labels nor the predictions.
 * @throws AttuneError `E_DATA` for lists that do not pair up, and for rows of another width than `names`
 */
export function multiLabelReport(
  labels: readonly ArrayLike<number>[],
  predictions: readonly ArrayLike<number>[],
  names: readonly string[],
): MultiLabelReport {
  expectPairs(labels, predictions);
  const uneven = [...labels, ...predictions].find((row) => row.length !== names.length);
  if (uneven) {
    throw new AttuneError('E_DATA', `A row has ${uneven.length} entries for ${names.length} classes.`, {
      field: 'labels',
    });
  }
  const countOf = (rows: readonly ArrayLike<number>[], label: number) => rows.filter((row) => row[label]).length;
  const counts = names.map(
    (_, label): Counts => ({
      truePositives: labels.filter((row, index) => row[label] && predictions[index]![label]).length,
      predicted: countOf(predictions, label),
      actual: countOf(labels, label),
    }),
  );
  const errors = labels.map(
    (row, index) => names.filter((_, label) => Boolean(row[label]) !== Boolean(predictions[index]![label])).length,
  );
  return {
    subsetAccuracy: errors.filter((count) => count === 0).length / labels.length,
    hammingLoss: errors.reduce((sum, count) => sum + count, 0) / (labels.length * names.length),
    macroF1: macroF1(counts),
    microF1: scoresOf(sumCounts(counts)).f1,
    perClass: names.map((label, index) => ({ label, ...scoresOf(counts[index]!) })),
  };
}
