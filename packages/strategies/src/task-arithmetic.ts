/** How tensors of several adapters become one, as PEFT's `merge_utils` has it. */
import type { HostTensor } from '@attune/ir';

type Numbers = Float64Array;

/** Which of a tensor's numbers stay, 1 or 0 each. */
export type Mask = ArrayLike<number>;

export type SignMethod = 'total' | 'frequency';

/** A tensor of an adapter with the weight that it has. */
export interface Weighted {
  readonly numbers: Numbers;
  readonly weight: number;
}

export const numbersOf = ({ data }: HostTensor): Numbers => Float64Array.from(data);

/** The weighted sum. */
export function sumOf(tensors: readonly Weighted[]): Numbers {
  const sum = new Float64Array(tensors[0]!.numbers.length);
  for (const { numbers, weight } of tensors) for (const [at, x] of numbers.entries()) sum[at]! += weight * x;
  return sum;
}

/** Only the largest numbers, this share of them. */
export function largest(numbers: Numbers, density: number): Numbers {
  const order = Array.from(numbers.keys()).sort((a, b) => Math.abs(numbers[b]!) - Math.abs(numbers[a]!));
  const kept = new Float64Array(numbers.length);
  for (const at of order.slice(0, Math.floor(density * numbers.length))) kept[at] = numbers[at]!;
  return kept;
}

/** What a mask keeps, so much larger as it keeps little (DARE, Yu et al. 2024). */
export const dropped = (numbers: Numbers, mask: Mask, density: number): Numbers =>
  numbers.map((x, at) => (mask[at] ? x / density : 0));

/** The mean of the weighted numbers that have the sign of the majority (TIES, Yadav et al. 2023). */
export function electedMean(tensors: readonly Weighted[], method: SignMethod): Numbers {
  return tensors[0]!.numbers.map((_, at) => {
    const values = tensors.map(({ numbers }) => numbers[at]!);
    const total = values.reduce((sum, x) => sum + (method === 'total' ? x : Math.sign(x)), 0);
    const elected = tensors.filter((_, index) => Math.sign(values[index]!) === (total >= 0 ? 1 : -1));
    return elected.reduce((sum, { numbers, weight }) => sum + weight * numbers[at]!, 0) / Math.max(elected.length, 1);
  });
}
