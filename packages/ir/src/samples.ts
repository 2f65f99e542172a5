/** Deterministic sample inputs for the conformance kit. */
import type { Sample } from './definition.js';
import { toHalfBits } from './half.js';
import type { Attributes } from './program.js';
import { type DType, elementCount, type HostTensor, hostTensor } from './tensor.js';

export interface SampleOptions<A> {
  readonly name?: string;
  readonly attributes?: A;
  /** Shapes (float32 in [-2, 2], or within `range`) or ready tensors. */
  readonly inputs: readonly (readonly number[] | HostTensor)[];
  readonly range?: readonly [low: number, high: number];
  readonly smooth?: boolean;
}

/** Samples from shapes; the data is a fixed function of the sample's and the input's number. */
export function samplesOf<A extends Attributes>(...options: readonly SampleOptions<A>[]): Sample<A>[] {
  return options.map(({ name, attributes, inputs, range, smooth }, number) => {
    const tensors = inputs.map((input, position) =>
      'type' in input ? input : uniform(input, range ?? [-2, 2], number * 31 + position + 1),
    );
    return {
      name: name ?? tensors.map((tensor) => `[${tensor.type.shape}]`).join(' '),
      attributes: attributes ?? ({} as A),
      inputs: tensors,
      ...(smooth === undefined ? {} : { smooth }),
    };
  });
}

/** Uniform numbers from a small deterministic generator (mulberry32), for samples and tests only. */
export function uniform(
  shape: readonly number[],
  [low, high]: readonly [number, number],
  seed: number,
  dtype: DType = 'f32',
): HostTensor {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  const data = Array.from({ length: elementCount(shape) }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const unit = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    const number = low + (high - low) * unit;
    if (dtype === 'f16' || dtype === 'bf16') return toHalfBits(number, dtype);
    return dtype === 'f32' ? number : Math.floor(number);
  });
  return hostTensor(shape, data, dtype);
}
