import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { einsum, matmul, project } from '../functions/products.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { mul } from '../primitives/mul.js';
import { pad } from '../primitives/pad.js';
import { reduceSum } from '../primitives/reduce-sum.js';
import { reshape } from '../primitives/reshape.js';
import { samplesOf } from '../samples.js';
import { expectDType, shapeError } from '../shape.js';
import { dequantize } from './dequantize.js';
import { expectQuantized, type QuantizedMatmulAttributes, type QuantizedMatrix } from './quantized-matrix.js';
import { quantizedMatmulInParts } from './quantized-parts.js';
import { quantizedSamples } from './quantized-samples.js';

/**
 * The product of f32 rows with a quantized matrix W [rows, width], whose inputs follow x. The gradient by x is a product
 * with W the other way round, so that neither pass needs all of W in f32. Codes are frozen.
 */
export const quantizedMatmulDefinition = defineComposite<'quantized_matmul', QuantizedMatmulAttributes>({
  name: 'quantized_matmul',
  infer(inputs, attributes) {
    const [x, ...matrix] = inputs;
    if (!x) throw shapeError('quantized_matmul', 'takes rows and a matrix', inputs);
    expectDType('quantized_matmul', x, ['f32'], inputs);
    expectQuantized('quantized_matmul', matrix, attributes, inputs);
    const [rows, width] = attributes.shape;
    const [from, to] = attributes.transposed ? [rows, width] : [width, rows];
    if (x.shape.at(-1) !== from) throw shapeError('quantized_matmul', `the last axis of x must have ${from}`, inputs);
    return [{ shape: [...x.shape.slice(0, -1), to], dtype: 'f32' }];
  },
  decompose([x, data, ...scales], { transposed, ...matrix }) {
    const weight = dequantize([data!, ...scales], matrix);
    return [transposed ? matmul(x!, weight) : project(x!, weight)];
  },
  decomposeInParts: quantizedMatmulInParts,
  vjp({ inputs: [x, data, ...scales], attributes, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined];
    const { transposed, ...matrix } = attributes;
    const byX = quantizedMatmul(cotangent, [data!, ...scales], matrix, { transposed: !transposed });
    const rowsOf = (y: Value) => reshape(y, [-1, y.type.shape.at(-1)!]);
    const [outputs, inputs] = transposed ? [x!, cotangent] : [cotangent, x!];
    const byWeight = einsum('no,ni->oi', rowsOf(outputs), rowsOf(inputs));
    return [byX, undefined, ...scales.map((each) => scaleCotangent(byWeight, data!, each, matrix))];
  },
});

export const quantizedMatmulSamples = () =>
  samplesOf<QuantizedMatmulAttributes>(
    ...[false, true].flatMap((transposed) =>
      quantizedSamples().map(({ name, attributes, inputs }) => ({
        name: transposed ? `${name} transposed` : name,
        attributes: { ...attributes, transposed },
        inputs: [[2, attributes.shape[transposed ? 0 : 1]], ...inputs],
        // The vjp is the same for all formats; those with wide blocks take long by finite differences.
        smooth: attributes.block < 256,
      })),
    ),
  );

/** The cotangent of NF4's scales from that of the weights. */
function scaleCotangent(byWeight: Value, data: Value, scales: Value, matrix: QuantizedMatrix): Value {
  const [blocks] = scales.type.shape;
  const levels = dequantize([data, broadcastTo(data.builder.scalar(1), scales.type.shape)], matrix);
  const products = reshape(mul(byWeight, levels), [-1]);
  const missing = blocks! * matrix.block - products.type.shape[0]!;
  const whole = pad(products, { low: [0], high: [missing], interior: [0], value: 0 });
  return reduceSum(reshape(whole, [blocks!, matrix.block]), [1]);
}

/** x W^T, or x W where `transposed`, with the inputs of a quantized matrix W as QuantizedMatrix describes them. */
export function quantizedMatmul(
  x: Value,
  inputs: readonly [Value, ...Value[]],
  { format, shape, block }: QuantizedMatrix,
  { transposed = false }: { readonly transposed?: boolean } = {},
): Value {
  const attributes = { format, shape, block, transposed };
  return x.builder.apply(quantizedMatmulDefinition, [x, ...inputs], attributes)[0]!;
}
