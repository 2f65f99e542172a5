import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { fromHalfBits } from '../half.js';
import { add } from '../primitives/add.js';
import { and } from '../primitives/and.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { cast } from '../primitives/cast.js';
import { concat } from '../primitives/concat.js';
import { gather } from '../primitives/gather.js';
import { mul } from '../primitives/mul.js';
import { reshape } from '../primitives/reshape.js';
import { shiftRight } from '../primitives/shift-right.js';
import { sliceAxis } from '../primitives/slice.js';
import { sub } from '../primitives/sub.js';
import { xor } from '../primitives/xor.js';
import { samplesOf } from '../samples.js';
import { elementCount, hostTensor } from '../tensor.js';
import {
  expectQuantized,
  type GgufFormat,
  ggufBlockBytes,
  NF4_LEVELS,
  type QuantizedMatrix,
} from './quantized-matrix.js';
import { quantizedSamples } from './quantized-samples.js';

/** The f32 weights [rows, width] of a quantized matrix. */
export const dequantizeDefinition = defineComposite<'dequantize', QuantizedMatrix>({
  name: 'dequantize',
  infer(inputs, attributes) {
    expectQuantized('dequantize', inputs, attributes, inputs);
    return [{ shape: attributes.shape, dtype: 'f32' }];
  },
  decompose: ([data, scales], matrix) => [
    matrix.format === 'nf4' ? normalFloats(data!, scales!, matrix) : ggufWeights(data!, matrix.format, matrix),
  ],
});

export const dequantizeSamples = () => samplesOf<QuantizedMatrix>(...quantizedSamples());

/** The weights of a matrix from its inputs, as QuantizedMatrix describes them. */
export function dequantize(inputs: readonly [Value, ...Value[]], matrix: QuantizedMatrix): Value {
  return inputs[0].builder.apply(dequantizeDefinition, inputs, matrix)[0]!;
}

/** From the bytes u32 [rows, blocks, bytes] of blocks to weights [rows, blocks, 32]. */
const ggufDecoders: Readonly<Record<GgufFormat, (bytes: Value) => Value>> = {
  q4_0: (bytes) => mul(sub(fourBitCodes(sliceAxis(bytes, 2, 2, 18)), 8), halfAt(bytes, 0)),
  q4_1: (bytes) => add(mul(fourBitCodes(sliceAxis(bytes, 2, 4, 20)), halfAt(bytes, 0)), halfAt(bytes, 2)),
  q8_0: (bytes) => mul(sub(cast(xor(sliceAxis(bytes, 2, 2, 34), 0x80), 'f32'), 0x80), halfAt(bytes, 0)),
};

function ggufWeights(data: Value, format: GgufFormat, { shape: [rows, width], block }: QuantizedMatrix): Value {
  const bytes = reshape(cast(data, 'u32'), [rows, width / block, ggufBlockBytes[format]]);
  return reshape(ggufDecoders[format](bytes), [rows, width]);
}

const fourBitCodes = (bytes: Value): Value => cast(concat([and(bytes, 15), shiftRight(bytes, 4)], 2), 'f32');

/** By the six high bits of an f16: its value where the others are 0, and what each of them adds. */
const halfBases = Array.from({ length: 64 }, (_, high) => fromHalfBits(high << 10, 'f16'));
const halfSteps = halfBases.map((base, high) => fromHalfBits((high << 10) | 1, 'f16') - base);

/** The f16 at a byte of every block, as f32 [rows, blocks, 1]; NaN where it is not finite. */
function halfAt(bytes: Value, at: number): Value {
  const [low, high] = [sliceAxis(bytes, 2, at, at + 1), sliceAxis(bytes, 2, at + 1, at + 2)];
  const entry = cast(shiftRight(high, 2), 'i32');
  const lookUp = (table: readonly number[]) => gather(bytes.builder.constant(hostTensor([64], table)), entry);
  const fraction = cast(add(mul(and(high, 3), 256), low), 'f32');
  return add(lookUp(halfBases), mul(lookUp(halfSteps), fraction));
}

/** The two weights of each byte of codes. */
const normalPairs = Array.from({ length: 256 }, (_, byte) => [NF4_LEVELS[byte >> 4]!, NF4_LEVELS[byte & 15]!]).flat();

function normalFloats(data: Value, scales: Value, { shape, block }: QuantizedMatrix): Value {
  const count = elementCount(shape);
  const [blocks] = scales.type.shape as [number];
  const pairs = data.builder.constant(hostTensor([256, 2], normalPairs));
  const codes = reshape(gather(pairs, cast(data, 'i32')), [-1]);
  const perBlock = reshape(scales, [blocks, 1]);
  if (blocks * block === count) return reshape(mul(reshape(codes, [blocks, block]), perBlock), shape);
  const perWeight = reshape(broadcastTo(perBlock, [blocks, block]), [-1]);
  return reshape(mul(sliceAxis(codes, 0, 0, count), sliceAxis(perWeight, 0, 0, count)), shape);
}
