import type { Value } from '../builder.js';
import { add } from '../primitives/add.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { cast } from '../primitives/cast.js';
import { gather } from '../primitives/gather.js';
import { mul } from '../primitives/mul.js';
import { reshape } from '../primitives/reshape.js';
import { sliceAxis } from '../primitives/slice.js';

/** Scales that are quantized themselves (Dettmers et al. 2023, section 3). */
export interface QuantizedScales {
  /** u8 [count]. */
  readonly codes: Value;
  /** What the codes stand for, f32 [256]. */
  readonly table: Value;
  /** f32, one for each `block` codes. */
  readonly scale: Value;
  /** f32, one number, added to all. */
  readonly offset: Value;
  readonly block: number;
}

/** table[code] scale + offset: f32 [count]. */
export function quantizedScales({ codes, table, scale, offset, block }: QuantizedScales): Value {
  const [count] = codes.type.shape as [number];
  const [blocks] = scale.type.shape as [number];
  const perCode = reshape(broadcastTo(reshape(scale, [blocks, 1]), [blocks, block]), [-1]);
  return add(mul(gather(table, cast(codes, 'i32')), sliceAxis(perCode, 0, 0, count)), offset);
}

/**
 * The 256 values of bitsandbytes' signed dynamic 8-bit map, in f32: seven decades, of which each holds twice as many values as
 * the one below (Dettmers 2016).
 */
export function dynamicMap(): Float32Array {
  const values = [0, 1];
  for (let decade = 0; decade < 7; decade++) {
    const bounds = linspace(2 ** decade + 1);
    for (let index = 0; index + 1 < bounds.length; index++) {
      const mean = Math.fround(Math.fround(bounds[index]! + bounds[index + 1]!) / 2);
      const value = Math.fround(Math.fround(10 ** (decade - 6)) * mean);
      values.push(value, -value);
    }
  }
  return Float32Array.from(values).sort();
}

/** torch.linspace(0.1, 1, count): from both ends to the middle, with products that are not rounded. */
function linspace(count: number): readonly number[] {
  const start = Math.fround(0.1);
  const step = Math.fround(Math.fround(1 - start) / (count - 1));
  const value = (index: number) => (index < count >> 1 ? start + step * index : 1 - step * (count - 1 - index));
  return Array.from({ length: count }, (_, index) => Math.fround(value(index)));
}
