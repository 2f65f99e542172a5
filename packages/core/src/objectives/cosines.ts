import { matmul, mul, sum, type Value } from '@attune/ir';
import { normalizeRows } from '../nn/pooling.js';

/** The cosine of each row of a [rows, width] with that of b: [rows]. */
export const cosineRows = (a: Value, b: Value): Value => sum(mul(normalizeRows(a), normalizeRows(b)), { axes: [1] });

/** The cosines of all rows of a with all rows of b: [rows of a, rows of b]. */
export const cosineMatrix = (a: Value, b: Value): Value =>
  matmul(normalizeRows(a), normalizeRows(b), { transposeB: true });
