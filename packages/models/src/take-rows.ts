import { type HostTensor, hostTensor } from '@attune/ir';

/** The tensor with its first axis in another order. */
export function takeRows({ type, data }: HostTensor, rows: readonly number[]): HostTensor {
  const width = data.length / rows.length;
  return hostTensor(
    type.shape,
    Array.from(data, (_, index) => data[rows[Math.floor(index / width)]! * width + (index % width)]!),
  );
}
