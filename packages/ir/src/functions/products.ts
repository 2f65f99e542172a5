/** Matrix products on top of dot_general. */
import type { Value } from '../builder.js';
import { AttuneError } from '../errors.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { dotGeneral } from '../primitives/dot-general.js';
import { reduceSum } from '../primitives/reduce-sum.js';
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

/**
 * A contraction of two operands by an equation such as `bhqd,bhkd->bhqk`. A letter occurs once per operand; one that is
 * in a single operand and not in the output is summed first.
 * @throws AttuneError `E_PROGRAM` for an equation of another form, `E_SHAPE` where it does not fit the operands.
 */
export function einsum(equation: string, a: Value, b: Value): Value {
  const [inputs, output] = equation.replaceAll(' ', '').split('->');
  const [left, right] = inputs?.split(',') ?? [];
  if (!left || !right || output === undefined) {
    throw new AttuneError('E_PROGRAM', `einsum takes two operands and an output, got "${equation}".`);
  }
  for (const letters of [left, right, output]) {
    const valid = /^[a-zA-Z]*$/.test(letters) && new Set(letters).size === letters.length;
    if (!valid || [...output].some((letter) => !`${left}${right}`.includes(letter))) {
      throw new AttuneError('E_PROGRAM', `einsum does not take the equation "${equation}".`);
    }
  }
  const [lhs, rhs] = [
    sumAlone(a, left, `${right}${output}`, equation),
    sumAlone(b, right, `${left}${output}`, equation),
  ];
  const shared = [...lhs.letters].filter((letter) => rhs.letters.includes(letter));
  const batch = shared.filter((letter) => output.includes(letter));
  const contracted = shared.filter((letter) => !output.includes(letter));
  const axes = (letters: string, wanted: readonly string[]) => wanted.map((letter) => letters.indexOf(letter));
  const product = dotGeneral(lhs.value, rhs.value, {
    lhsBatch: axes(lhs.letters, batch),
    rhsBatch: axes(rhs.letters, batch),
    lhsContract: axes(lhs.letters, contracted),
    rhsContract: axes(rhs.letters, contracted),
  });
  const free = (letters: string) => [...letters].filter((letter) => !shared.includes(letter));
  const order = [...batch, ...free(lhs.letters), ...free(rhs.letters)];
  return transpose(
    product,
    [...output].map((letter) => order.indexOf(letter)),
  );
}

/** The operand summed over the letters that are nowhere else, and the letters that are left. */
function sumAlone(
  value: Value,
  letters: string,
  elsewhere: string,
  equation: string,
): { value: Value; letters: string } {
  const { shape } = value.type;
  if (letters.length !== shape.length) {
    throw new AttuneError('E_SHAPE', `einsum "${equation}" has ${letters.length} letters for the shape [${shape}].`);
  }
  const alone = [...letters].flatMap((letter, axis) => (elsewhere.includes(letter) ? [] : [axis]));
  if (alone.length === 0) return { value, letters };
  return {
    value: reduceSum(value, alone),
    letters: [...letters].filter((letter) => elsewhere.includes(letter)).join(''),
  };
}

/** x W^T over the last axis of x, with W [out, in]. */
export function project(x: Value, weight: Value): Value {
  const contract = x.type.shape.length - 1;
  return dotGeneral(x, weight, { lhsBatch: [], rhsBatch: [], lhsContract: [contract], rhsContract: [1] });
}
