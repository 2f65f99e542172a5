/** Precision, recall and F1 from counts, as scikit-learn and seqeval compute them: 0 where a denominator is 0. */
export interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** How many true ones there are. */
  readonly support: number;
}

export interface Counts {
  readonly truePositives: number;
  readonly predicted: number;
  readonly actual: number;
}

const ratio = (numerator: number, denominator: number): number => (denominator === 0 ? 0 : numerator / denominator);

export const scoresOf = ({ truePositives, predicted, actual }: Counts): Scores => ({
  precision: ratio(truePositives, predicted),
  recall: ratio(truePositives, actual),
  f1: ratio(2 * truePositives, predicted + actual),
  support: actual,
});

/** The sums of counts, from which micro averages come. */
export const sumCounts = (counts: readonly Counts[]): Counts => ({
  truePositives: counts.reduce((sum, { truePositives }) => sum + truePositives, 0),
  predicted: counts.reduce((sum, { predicted }) => sum + predicted, 0),
  actual: counts.reduce((sum, { actual }) => sum + actual, 0),
});

/** The unweighted mean over classes that occur, among labels or predictions; 0 without any. */
export function macroF1(counts: readonly Counts[]): number {
  const present = counts.filter(({ predicted, actual }) => predicted + actual > 0);
  return ratio(
    present.reduce((sum, count) => sum + scoresOf(count).f1, 0),
    present.length,
  );
}
