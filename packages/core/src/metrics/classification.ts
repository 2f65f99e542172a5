import { type ConfusionPair, confusionMatrix, confusionPairs } from './confusion.js';
import { type Counts, macroF1, type Scores, scoresOf, sumCounts } from './scores.js';

export interface ClassScores extends Scores {
  readonly label: string;
}

export interface ClassificationReport {
  readonly accuracy: number;
  /** The mean F1 of the classes that occur among labels or predictions, as scikit-learn's. */
  readonly macroF1: number;
  readonly microF1: number;
  /** Matthews' correlation coefficient (of any number of classes); 0 where it is undefined. */
  readonly matthews: number;
  readonly perClass: readonly ClassScores[];
  /** Wrong answers, most frequent first. */
  readonly confusions: readonly ConfusionPair[];
}

/**
 * Scores of single-label classification.
 * @param labels true class numbers
 * @param predictions predicted class numbers
 * @param names the classes' names, by number
 * @throws AttuneError `E_DATA` for lists that do not pair up, and for numbers outside the classes
 */
export function classificationReport(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  names: readonly string[],
): ClassificationReport {
  const matrix = confusionMatrix(labels, predictions, names.length);
  const counts = names.map(
    (_, label): Counts => ({
      truePositives: matrix[label]![label]!,
      predicted: matrix.reduce((sum, row) => sum + row[label]!, 0),
      actual: matrix[label]!.reduce((sum, count) => sum + count, 0),
    }),
  );
  const total = sumCounts(counts);
  return {
    accuracy: total.truePositives / total.actual,
    macroF1: macroF1(counts),
    microF1: scoresOf(total).f1,
    matthews: matthews(counts),
    perClass: names.map((label, index) => ({ label, ...scoresOf(counts[index]!) })),
    confusions: confusionPairs(matrix, names),
  };
}

/** Gorodkin's R_K, Matthews' coefficient for any number of classes. */
function matthews(counts: readonly Counts[]): number {
  const { truePositives: correct, actual: total } = sumCounts(counts);
  const dot = (a: 'predicted' | 'actual', b: 'predicted' | 'actual') =>
    counts.reduce((sum, count) => sum + count[a] * count[b], 0);
  const covariance = correct * total - dot('predicted', 'actual');
  const spread = (total ** 2 - dot('predicted', 'predicted')) * (total ** 2 - dot('actual', 'actual'));
  return spread === 0 ? 0 : covariance / Math.sqrt(spread);
}
