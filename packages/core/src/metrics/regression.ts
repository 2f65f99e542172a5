import { expectPairs } from './confusion.js';

export interface RegressionReport {
  readonly meanSquaredError: number;
  readonly meanAbsoluteError: number;
  /** Pearson's correlation; 0 where one side is constant. */
  readonly pearson: number;
  /** Spearman's rank correlation with mean ranks for ties; 0 where one side is constant. */
  readonly spearman: number;
}

/** The scores of one of several numbers. */
export interface NumberScores extends RegressionReport {
  readonly label: string;
}

/**
 * @param labels the true numbers
 * @param predictions the predicted ones
 * @throws AttuneError `E_DATA` for lists that do not pair up
 */
export function regressionReport(labels: ArrayLike<number>, predictions: ArrayLike<number>): RegressionReport {
  expectPairs(labels, predictions);
  const [truth, guess] = [Array.from(labels), Array.from(predictions)];
  const errors = truth.map((value, index) => guess[index]! - value);
  return {
    meanSquaredError: mean(errors.map((error) => error ** 2)),
    meanAbsoluteError: mean(errors.map(Math.abs)),
    pearson: correlation(truth, guess),
    spearman: correlation(ranks(truth), ranks(guess)),
  };
}

/**
 * Scores over several numbers: the errors are means over all of them, as the loss is; the correlations are the means of
 * those of each number, as numbers on different scales have none in common.
 * @param numbers the true and the predicted values of each number
 * @throws AttuneError `E_DATA` for lists that do not pair up
 */
export function severalNumbersReport(
  numbers: readonly { readonly labels: readonly number[]; readonly predictions: readonly number[] }[],
): RegressionReport {
  const all = (side: 'labels' | 'predictions') => numbers.flatMap((number) => number[side]);
  const each = numbers.map(({ labels, predictions }) => regressionReport(labels, predictions));
  return {
    ...regressionReport(all('labels'), all('predictions')),
    pearson: mean(each.map(({ pearson }) => pearson)),
    spearman: mean(each.map(({ spearman }) => spearman)),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function correlation(a: readonly number[], b: readonly number[]): number {
  const center = (values: readonly number[]) => {
    const middle = mean(values);
    return values.map((value) => value - middle);
  };
  const [x, y] = [center(a), center(b)];
  const dot = (left: readonly number[], right: readonly number[]) =>
    left.reduce((sum, value, index) => sum + value * right[index]!, 0);
  const spread = Math.sqrt(dot(x, x)) * Math.sqrt(dot(y, y));
  return spread === 0 ? 0 : dot(x, y) / spread;
}

/** Ranks from 1; equal values share the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const result = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let position = start; position < end; position++) result[order[position]!] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}
