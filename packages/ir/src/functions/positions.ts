/** Position encodings that act inside attention. */
import type { Value } from '../builder.js';
import { add } from '../primitives/add.js';
import { cast } from '../primitives/cast.js';
import { concat } from '../primitives/concat.js';
import { cos } from '../primitives/cos.js';
import { cumsum } from '../primitives/cumsum.js';
import { floor } from '../primitives/floor.js';
import { mul } from '../primitives/mul.js';
import { reshape } from '../primitives/reshape.js';
import { sin } from '../primitives/sin.js';
import { sliceAxis } from '../primitives/slice.js';
import { sub } from '../primitives/sub.js';
import { hostTensor } from '../tensor.js';
import { stack } from './shapes.js';

export interface RotaryOptions {
  /** Dimension pair i turns by base^(-2i / rotaryDimension) radians a position. */
  readonly base: number;
  /** The radians of each pair in place of the base's, as scalings for longer texts have them. */
  readonly frequencies?: readonly number[];
  /** What cos and sin are multiplied by, as YaRN does; 1 if absent. */
  readonly amplitude?: number;
  /** How many of a head's dimensions turn; the rest pass through. */
  readonly rotaryDimension: number;
  /** `half` pairs dimension i with i + rotaryDimension / 2, `interleaved` 2i with 2i + 1. */
  readonly style: 'half' | 'interleaved';
}

/** The radians by which each pair of dimensions turns from one position to the next. */
export const rotaryFrequencies = ({
  base,
  rotaryDimension,
}: Pick<RotaryOptions, 'base' | 'rotaryDimension'>): number[] =>
  Array.from({ length: rotaryDimension / 2 }, (_, index) => base ** ((-2 * index) / rotaryDimension));

/**
 * cos and sin of position * frequency, times the amplitude, for i32 positions [batch, tokens] below 2^17:
 * [batch, tokens, rotaryDimension / 2] each. Whole turns are taken off before the product is rounded, so the error in
 * f32 does not grow with the position.
 */
export function rotaryAngles(positions: Value, options: RotaryOptions): { cos: Value; sin: Value } {
  const half = options.rotaryDimension / 2;
  const { frequencies = rotaryFrequencies(options) } = options;
  const turns = frequencies.map((frequency) => frequency / (2 * Math.PI));
  const position = reshape(cast(positions, 'f32'), [...positions.type.shape, 1]);
  const parts = splitBits(turns).map((part) => mul(position, positions.builder.constant(hostTensor([half], part))));
  const fraction = parts.map((part) => sub(part, floor(part))).reduce((sum, part) => add(sum, part));
  const angles = mul(sub(fraction, floor(fraction)), 2 * Math.PI);
  const { amplitude = 1 } = options;
  if (amplitude === 1) return { cos: cos(angles), sin: sin(angles) };
  return { cos: mul(cos(angles), amplitude), sin: mul(sin(angles), amplitude) };
}

/** Three lists that add up to the numbers; those of the first two have 7 significant bits, so products stay exact. */
function splitBits(numbers: readonly number[]): number[][] {
  const leading = (number: number) => {
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(number))) - 6);
    return number === 0 ? 0 : Math.trunc(number / unit) * unit;
  };
  const first = numbers.map(leading);
  const rest = numbers.map((number, index) => number - first[index]!);
  const second = rest.map(leading);
  return [first, second, rest.map((number, index) => number - second[index]!)];
}

/** Rotates x [batch, heads, tokens, width] by its positions (Su et al. 2021); a batch of 1 in the angles serves all. */
export function rotaryEmbedding(
  x: Value,
  angles: { readonly cos: Value; readonly sin: Value },
  { rotaryDimension, style }: RotaryOptions,
): Value {
  const [batch, heads, tokens, width] = x.type.shape;
  const half = rotaryDimension / 2;
  const perHead = (angle: Value) => reshape(angle, [angle.type.shape[0]!, 1, tokens!, half]);
  const [cosine, sine] = [perHead(angles.cos), perHead(angles.sin)];
  const turning = sliceAxis(x, 3, 0, rotaryDimension);
  const pairs = reshape(turning, [batch!, heads!, tokens!, half, 2]);
  const part = (index: 0 | 1) =>
    style === 'half'
      ? sliceAxis(turning, 3, index * half, (index + 1) * half)
      : reshape(sliceAxis(pairs, 4, index, index + 1), [batch!, heads!, tokens!, half]);
  const [first, second] = [part(0), part(1)];
  const turnedFirst = sub(mul(first, cosine), mul(second, sine));
  const turnedSecond = add(mul(second, cosine), mul(first, sine));
  const turned =
    style === 'half'
      ? concat([turnedFirst, turnedSecond], 3)
      : reshape(stack([turnedFirst, turnedSecond], -1), [batch!, heads!, tokens!, rotaryDimension]);
  return rotaryDimension === width ? turned : concat([turned, sliceAxis(x, 3, rotaryDimension, width!)], 3);
}

/** ALiBi's slopes (Press, Smith and Lewis 2021), interpolated where the number of heads is no power of two. */
export function alibiSlopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const slopes = (count: number) => Array.from({ length: count }, (_, index) => 2 ** ((-8 * (index + 1)) / count));
  const between = slopes(2 * power).filter((_, index) => index % 2 === 0);
  return [...slopes(power), ...between.slice(0, heads - power)];
}

/** slope[head] * (index of the key among the unmasked), [batch, heads, 1, keys], from a mask i32 [batch, keys]. */
export function alibiBias(mask: Value, heads: number): Value {
  const [batch, keys] = mask.type.shape;
  const index = mul(sub(cumsum(mask, 1), 1), mask);
  const slopes = mask.builder.constant(hostTensor([1, heads, 1, 1], alibiSlopes(heads)));
  return mul(cast(reshape(index, [batch!, 1, 1, keys!]), 'f32'), slopes);
}
