import type { HostTensor } from '@attune/ir';

/** The index of the largest number in each row (the last axis). */
export function argmaxRows({ type, data }: HostTensor): number[] {
  const width = type.shape.at(-1) ?? 1;
  return Array.from({ length: data.length / width }, (_, row) => {
    let best = 0;
    for (let column = 1; column < width; column++) {
      if (data[row * width + column]! > data[row * width + best]!) best = column;
    }
    return best;
  });
}
