/** Logistic regression with an L2 penalty, as scikit-learn's LogisticRegression with its lbfgs solver. */
import { minimize, type Point } from './lbfgs.js';
import type { SparseRow } from './sparse.js';

export interface LogisticRegressionOptions {
  readonly classes: number;
  /** Columns of the rows. */
  readonly width: number;
  /** Inverse of the penalty's strength: the sum of losses counts so much against half the squared weights; 1 by default. */
  readonly C?: number;
  readonly signal?: AbortSignal | undefined;
}

export class LogisticRegression {
  readonly classes: number;
  readonly width: number;
  /** [width + 1, outputs]: of each column, then the intercepts. Two classes have one output. */
  readonly weights: Float64Array;

  constructor(classes: number, width: number, weights: Float64Array) {
    this.classes = classes;
    this.width = width;
    this.weights = weights;
  }

  /**
   * Finds the weights of least penalized loss; it is one point, since the problem is convex. Intercepts are not penalized.
   * @param targets the class of each row
   * @throws the signal's reason
   */
  static async fit(
    rows: readonly SparseRow[],
    targets: readonly number[],
    { classes, width, C = 1, signal }: LogisticRegressionOptions,
  ): Promise<LogisticRegression> {
    const outputs = outputsOf(classes);
    const at = (weights: Float64Array): Point => penalizedLoss(rows, targets, { weights, classes, width, C });
    const start = new Float64Array((width + 1) * outputs);
    return new LogisticRegression(
      classes,
      width,
      await minimize(at, start, { tolerance: 1e-6, maxIterations: 1000, signal }),
    );
  }

  /** What a column adds to the score of a class; at `width`, the intercept. Of two classes, the first has the score 0. */
  weight(label: number, column: number): number {
    if (this.classes === 2) return label === 0 ? 0 : this.weights[column]!;
    return this.weights[column * this.classes + label]!;
  }

  /** The probability of each class. */
  probabilities(row: SparseRow): Float64Array {
    return probabilitiesOf(scoresOf(row, this.weights, this.width, outputsOf(this.classes)));
  }
}

/** Two classes are told apart by one score: with two, the penalty would be another. */
const outputsOf = (classes: number): number => (classes === 2 ? 1 : classes);

/** Per row, so that the tolerance does not depend on their number. */
function penalizedLoss(
  rows: readonly SparseRow[],
  targets: readonly number[],
  { weights, classes, width, C }: Required<Omit<LogisticRegressionOptions, 'signal'>> & { weights: Float64Array },
): Point {
  const outputs = outputsOf(classes);
  const scale = 1 / (C * rows.length);
  const gradient = new Float64Array(weights.length);
  let value = 0;
  for (let index = 0; index < width * outputs; index++) {
    value += 0.5 * scale * weights[index]! ** 2;
    gradient[index] = scale * weights[index]!;
  }
  for (const [index, row] of rows.entries()) {
    const target = targets[index]!;
    const found = probabilitiesOf(scoresOf(row, weights, width, outputs));
    value -= Math.log(Math.max(found[target]!, Number.MIN_VALUE)) / rows.length;
    const differences = Float64Array.from({ length: outputs }, (_, output) => {
      const ofClass = outputs === 1 ? 1 : output;
      return (found[ofClass]! - (ofClass === target ? 1 : 0)) / rows.length;
    });
    addTimes(gradient, width * outputs, differences, 1);
    for (let place = 0; place < row.columns.length; place++) {
      addTimes(gradient, row.columns[place]! * outputs, differences, row.values[place]!);
    }
  }
  return { value, gradient };
}

/** Adds `factor * values` to what begins at `start`. */
function addTimes(target: Float64Array, start: number, values: Float64Array, factor: number): void {
  for (let index = 0; index < values.length; index++) target[start + index]! += factor * values[index]!;
}

function scoresOf(row: SparseRow, weights: Float64Array, width: number, outputs: number): Float64Array {
  const scores = weights.slice(width * outputs);
  for (let place = 0; place < row.columns.length; place++) {
    const start = row.columns[place]! * outputs;
    const value = row.values[place]!;
    for (let output = 0; output < outputs; output++) scores[output]! += value * weights[start + output]!;
  }
  return scores;
}

function probabilitiesOf(scores: Float64Array): Float64Array {
  if (scores.length === 1) {
    const positive = 1 / (1 + Math.exp(-scores[0]!));
    return Float64Array.of(1 - positive, positive);
  }
  const top = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
