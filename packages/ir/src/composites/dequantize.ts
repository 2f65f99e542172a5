import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { cast } from '../primitives/cast.js';
import { gather } from '../primitives/gather.js';
import { mul } from '../primitives/mul.js';
import { reshape } from '../primitives/reshape.js';
import { sliceAxis } from '../primitives/slice.js';
import { sub } from '../primitives/sub.js';
import { samplesOf } from '../samples.js';
import { elementCount, hostTensor } from '../tensor.js';
import { ggufDecoders } from './gguf-decoders.js';
import { expectQuantized, type GgufFormat, ggufBlocks, NF4_LEVELS, type QuantizedMatrix } from './quantized-matrix.js';
import { quantizedSamples } from './quantized-samples.js';

/** The f32 weights [rows, width] of a quantized matrix. */
export const dequantizeDefinition = defineComposite<'dequantize', QuantizedMatrix>({
  name: 'dequantize',
  infer(inputs, attributes) {
    expectQuantized('dequantize', inputs, attributes, inputs);
    return [{ shape: attributes.shape, dtype: 'f32' }];
  },
  decompose([data, scales], matrix) {
    const { format } = matrix;
    if (format === 'nf4') return [normalFloats(data!, scales!, matrix)];
    return [format === 'int8' ? int8Rows(data!, scales!, matrix) : ggufWeights(data!, format, matrix)];
  },
});

export const dequantizeSamples = () => samplesOf<QuantizedMatrix>(...quantizedSamples());

/** The weights of a matrix from its inputs, as QuantizedMatrix describes them. */
export function dequantize(inputs: readonly [Value, ...Value[]], matrix: QuantizedMatrix): Value {
  return inputs[0].builder.apply(dequantizeDefinition, inputs, matrix)[0]!;
}

function ggufWeights(data: Value, format: GgufFormat, { shape: [rows, width], block }: QuantizedMatrix): Value {
  const bytes = reshape(cast(data, 'u32'), [rows, width / block, ggufBlocks[format].bytes]);
  return reshape(ggufDecoders[format](bytes), [rows, width]);
}

const int8Rows = (codes: Value, scales: Value, { shape: [rows] }: QuantizedMatrix): Value =>
  mul(sub(cast(codes, 'f32'), 128), reshape(scales, [rows, 1]));

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
