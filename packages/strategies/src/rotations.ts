/** Block-diagonal rotations by the Cayley transform, which orthogonal fine-tuning trains. */
import { add, div, hostTensor, mul, type ProgramBuilder, reshape, sliceAxis, sub, type Value } from '@attune/ir';

export const identity = (builder: ProgramBuilder, size: number): Value =>
  builder.constant(
    hostTensor(
      [size, size],
      Array.from({ length: size * size }, (_, at) => Number(at % (size + 1) === 0)),
    ),
  );

/**
 * (1 - Q) (1 + Q)^-1 = 2 (1 + Q)^-1 - 1 of skew-symmetric matrices [blocks, size, size]. The inverse is by elimination without
 * exchanges: what is left of 1 + Q has a positive definite symmetric part, so that no pivot is below 1.
 */
export function cayley(skew: Value): Value {
  const size = skew.type.shape[1]!;
  const one = identity(skew.builder, size);
  let [left, inverse] = [add(skew, one), add(mul(skew, 0), one)];
  for (let pivot = 0; pivot < size; pivot++) {
    const row = (of: Value) => sliceAxis(of, 1, pivot, pivot + 1);
    const unit = sliceAxis(one, 1, pivot, pivot + 1);
    const head = sliceAxis(row(left), 2, pivot, pivot + 1);
    const factors = div(sub(sliceAxis(left, 2, pivot, pivot + 1), unit), head);
    [left, inverse] = [sub(left, mul(factors, row(left))), sub(inverse, mul(factors, row(inverse)))];
  }
  return sub(mul(inverse, 2), one);
}

/** [blocks size, blocks size] with the blocks on its diagonal. */
export function blockDiagonal(matrices: Value): Value {
  const [blocks, size] = matrices.type.shape as [number, number];
  const places = reshape(identity(matrices.builder, blocks), [blocks, 1, blocks, 1]);
  return reshape(mul(reshape(matrices, [blocks, size, 1, size]), places), [blocks * size, blocks * size]);
}
