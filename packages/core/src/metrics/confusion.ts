import { AttuneError } from '@attune/ir';

/** Counts by true class (row) and predicted class (column). */
export type ConfusionMatrix = readonly (readonly number[])[];

/**
 * @param labels true class numbers
 * @param predictions predicted class numbers, as many
 * @throws AttuneError `E_DATA` for lists of different or zero length, and for numbers outside the classes
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  expectPairs(labels, predictions);
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let index = 0; index < labels.length; index++) {
    const [label, prediction] = [labels[index]!, predictions[index]!];
    const row = counts[label];
    if (row?.[prediction] === undefined) {
      throw new AttuneError(
        'E_DATA',
        `Example ${index} has label ${label} and prediction ${prediction}; classes are 0 to ${classes - 1}.`,
        { field: 'labels' },
      );
    }
    row[prediction]!++;
  }
  return counts;
}

/** @throws AttuneError `E_DATA` unless both lists have the same length, above 0. */
export function expectPairs(labels: ArrayLike<unknown>, predictions: ArrayLike<unknown>): void {
  if (labels.length === predictions.length && labels.length > 0) return;
  const found = `${labels.length} labels and ${predictions.length} predictions`;
  throw new AttuneError('E_DATA', `A metric needs as many predictions as labels, and at least one; got ${found}.`, {
    field: 'predictions',
  });
}

export interface ConfusionPair {
  readonly label: string;
  readonly predicted: string;
  readonly count: number;
}

/** The wrong answers by how often they were given, most frequent first; ties by class order. */
export function confusionPairs(matrix: ConfusionMatrix, names: readonly string[]): readonly ConfusionPair[] {
  return matrix
    .flatMap((row, label) =>
      row.flatMap((count, predicted) =>
        count === 0 || label === predicted ? [] : [{ label: names[label]!, predicted: names[predicted]!, count }],
      ),
    )
    .sort((a, b) => b.count - a.count);
}
