/** Matrix products on top of dot_general. */
import type { Value } from '../builder.js';
import { AttuneError } from '../errors.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { dotGeneral } from '../primitives/dot-general.js';
import { transpose } from '../primitives/transpose.js';
import { broadcastShapes } from '../shape.js';

export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** a @ b over the last two axes; the leading axes broadcast. */
export function matmul(a: Value, b: Value, { transposeA = false, transposeB = false }: MatmulOptions = {}): Value {
  const [rankA, rankB] = [a.type.shape.length, b.type.shape.length];
  const contractA = transposeA ? rankA - 2 : rankA - 1;
  const contractB = transposeB ? rankB - 1 : rankB - 2;
  if (rankB === 2 && !transposeA) {
    return dotGeneral(a, b, { lhsBatch: [], rhsBatch: [], lhsContract: [contractA], rhsContract: [contractB] });
  }
  const leading = (x: Value) => ({ ...x.type, shape: x.type.shape.slice(0, -2) });
  const batch = broadcastShapes('matmul', [leading(a), leading(b)]);
  const rank = batch.length;
  const full = (x: Value) => broadcastTo(x, [...batch, ...x.type.shape.slice(-2)]);
  const axes = batch.map((_, axis) => axis);
  return dotGeneral(full(a), full(b), {
    lhsBatch: axes,
    rhsBatch: axes,
    lhsContract: [transposeA ? rank : rank + 1],
    rhsContract: [transposeB ? rank + 1 : rank],
  });
}

/** A contraction of two operands by an equation such as `bhqd,bhkd->bhqk`; letters occur once per operand. */
export function einsum(equation: string, a: Value, b: Value): Value {
  const [inputs, output] = equation.replaceAll(' ', '').split('->');
  const [left, right] = inputs?.split(',') ?? [];
  if (!left || !right || output === undefined) {
    throw new AttuneError('E_PROGRAM', `einsum takes two operands and an output, got "${equation}".`);
  }
  const shared = [...left].filter((letter) => right.includes(letter));
  const batch = shared.filter((letter) => output.includes(letter));
  const contracted = shared.filter((letter) => !output.includes(letter));
  const axes = (letters: string, wanted: readonly string[]) => wanted.map((letter) => letters.indexOf(letter));
  const product = dotGeneral(a, b, {
    lhsBatch: axes(left, batch),
    rhsBatch: axes(right, batch),
    lhsContract: axes(left, contracted),
    rhsContract: axes(right, contracted),
  });
  const free = (letters: string) => [...letters].filter((letter) => !shared.includes(letter));
  const order = [...batch, ...free(left), ...free(right)];
  return transpose(
    product,
    [...output].map((letter) => order.indexOf(letter)),
  );
}

/** x W^T over the last axis of x, with W [out, in]. */
export function project(x: Value, weight: Value): Value {
  const contract = x.type.shape.length - 1;
  return dotGeneral(x, weight, { lhsBatch: [], rhsBatch: [], lhsContract: [contract], rhsContract: [1] });
}
