/** Products with a quantized matrix in parts of its rows: the weights of one part at a time are in memory as f32. */
import type { Value } from '../builder.js';
import { type Part, partsOf } from '../functions/parts.js';
import { matmul, project } from '../functions/products.js';
import { add } from '../primitives/add.js';
import { concat } from '../primitives/concat.js';
import { sliceAxis } from '../primitives/slice.js';
import { dequantize } from './dequantize.js';
import type { QuantizedMatmulAttributes } from './quantized-matrix.js';

/** @param bytes that the weights of a part may take */
export function quantizedMatmulInParts(
  [x, ...matrix]: readonly Value[],
  attributes: QuantizedMatmulAttributes,
  bytes: number,
): readonly Value[] {
  const { shape, transposed } = attributes;
  const [rows, width] = shape;
  const unit = rowUnit(attributes);
  const parts = partsOf(Math.ceil(rows / unit), unit * width * 4, bytes).map(
    ({ start, end }): Part => ({
      start: start * unit,
      end: Math.min(end * unit, rows),
    }),
  );
  const last = x!.type.shape.length - 1;
  const products = parts.map((part) => {
    const weight = weightsOf(matrix, attributes, part);
    return transposed ? matmul(sliceAxis(x!, last, part.start, part.end), weight) : project(x!, weight);
  });
  return [transposed ? products.reduce((a, b) => add(a, b)) : concat(asNonEmpty(products), last)];
}

/** Rows of which as many as you like can be cut off: NF4's follow each other without regard to bytes and blocks. */
function rowUnit({ format, shape: [rows, width], block }: QuantizedMatmulAttributes): number {
  if (format !== 'nf4') return 1;
  let unit = 1;
  while (unit < rows && (unit * width) % (2 * block) !== 0) unit++;
  return unit;
}

function weightsOf(
  [data, scales]: readonly Value[],
  { format, shape: [rows, width], block }: QuantizedMatmulAttributes,
  { start, end }: Part,
): Value {
  const matrix = { format, shape: [end - start, width] as const, block };
  if (start === 0 && end === rows) return dequantize(scales ? [data!, scales] : [data!], matrix);
  const [from, to] = [start * width, end * width];
  const own = format === 'nf4' ? sliceAxis(data!, 0, from / 2, Math.ceil(to / 2)) : sliceAxis(data!, 0, start, end);
  return dequantize(scales ? [own, sliceAxis(scales, 0, from / block, Math.ceil(to / block))] : [own], matrix);
}

const asNonEmpty = ([first, ...others]: readonly Value[]): readonly [Value, ...Value[]] => [first!, ...others];
