import { add, div, dotGeneral, maximum, mul, type Value } from '@attune/ir';
import { globalNorm } from './clip.js';

export interface NewtonSchulzOptions {
  readonly coefficients: readonly [number, number, number];
  readonly steps: number;
  /** The least norm that the matrix is divided by. */
  readonly epsilon: number;
}

/**
 * An approximately orthogonal matrix with the row and column spaces of x, by the quintic iteration X = a X + (b A + c
 * A^2) X, A = X X^T (kellerjordan.github.io/posts/muon), in float32. A tall matrix is multiplied from the other side,
 * which is the same as transposing it and costs no transpose.
 */
export function newtonSchulz(x: Value, { coefficients: [a, b, c], steps, epsilon }: NewtonSchulzOptions): Value {
  const [rows, columns] = x.type.shape;
  const long = rows! > columns! ? 0 : 1;
  let current = div(x, maximum(globalNorm([x]), epsilon));
  for (let step = 0; step < steps; step++) {
    const gram = contract(current, long, current, long);
    const polynomial = add(mul(gram, b), mul(contract(gram, 1, gram, 0), c));
    const product = long === 0 ? contract(current, 1, polynomial, 0) : contract(polynomial, 1, current, 0);
    current = add(mul(current, a), product);
  }
  return current;
}

const contract = (lhs: Value, lhsAxis: number, rhs: Value, rhsAxis: number): Value =>
  dotGeneral(lhs, rhs, { lhsBatch: [], rhsBatch: [], lhsContract: [lhsAxis], rhsContract: [rhsAxis] });
