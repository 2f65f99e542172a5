import type { HostTensor } from '@attune/ir';

/** The index of the largest number; the first of several. */
export function argmaxOf(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index;
  return best;
}

/** The index of the largest number in each row (the last axis). */
export function argmaxRows({ type, data }: HostTensor): number[] {
  const width = type.shape.at(-1) ?? 1;
  return Array.from({ length: data.length / width }, (_, row) =>
    argmaxOf(data.subarray(row * width, (row + 1) * width)),
  );
}
