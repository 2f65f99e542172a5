/**
 * Products with quantized matrices. No matrix lives on in f32: the runtime's own operator makes it for itself alone, a loop
 * makes a group of rows at a time, and a small one is made when what it is multiplied by is there, for each product again.
 */
import {
  add,
  after,
  broadcastTo,
  defineComposite,
  dequantize,
  matmul,
  type Op,
  project,
  type QuantizedMatmulAttributes,
  quantizedMatmulDefinition,
  reshape,
  transpose,
  type Value,
} from '@attune/ir';
import { byScan } from './scan.js';

/** x W^T with W of NF4, as ONNX Runtime's MatMulBnb4 has it. */
export const normalFloatMatmulDefinition = defineComposite<'normal_float_matmul', QuantizedMatmulAttributes>({
  ...quantizedMatmulDefinition,
  name: 'normal_float_matmul',
});

/** Blocks that the operator knows. */
const blocks: readonly number[] = [16, 32, 64, 128, 256];

/** f32 weights of a step, in bytes. */
const STEP_BYTES = 4 * 2 ** 20;

/** The product by the operator, by a loop, or with a matrix that is one group of rows; undefined for other ops. */
export function quantizedProduct(
  { definition, attributes }: Op,
  operands: readonly Value[],
): readonly Value[] | undefined {
  if (definition.name !== quantizedMatmulDefinition.name) return undefined;
  const matrix = attributes as QuantizedMatmulAttributes;
  const [x, data, scales] = operands as [Value, Value, Value | undefined];
  if (matrix.format === 'nf4' && !matrix.transposed && blocks.includes(matrix.block)) {
    return x.builder.apply(normalFloatMatmulDefinition, operands, matrix);
  }
  const groups = groupsOf(matrix);
  if (groups > 1) return [byGroups(x, { data, scales, groups }, matrix)];
  const held = after(data, x);
  return quantizedMatmulDefinition.decompose(scales ? [x, held, scales] : [x, held], matrix);
}

/** Into how many equal groups of rows the matrix falls; NF4's rows share bytes and blocks, its groups may not. */
function groupsOf({ format, shape: [rows, width], block }: QuantizedMatmulAttributes): number {
  const unit = format === 'nf4' ? 2 * block : 1;
  const wanted = Math.ceil((rows * width * 4) / STEP_BYTES);
  for (let groups = wanted; groups > 1 && groups <= rows; groups++) {
    if (rows % groups === 0 && ((rows / groups) * width) % unit === 0) return groups;
  }
  return 1;
}

interface Groups {
  readonly data: Value;
  readonly scales: Value | undefined;
  readonly groups: number;
}

function byGroups(x: Value, { data, scales, groups }: Groups, matrix: QuantizedMatmulAttributes): Value {
  const { format, shape, block, transposed } = matrix;
  const [rows, width] = shape;
  const own = { format, block, shape: [rows / groups, width] as const };
  const lines = x.type.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const flat = reshape(x, [lines, x.type.shape.at(-1)!]);
  const grouped = (of: Value) => reshape(of, [groups, of.type.shape[0]! / groups, ...of.type.shape.slice(1)]);
  const weightOf = ([codes, factors]: readonly Value[]) => dequantize(factors ? [codes!, factors] : [codes!], own);
  const parts = [grouped(data), ...(scales ? [grouped(scales)] : [])];
  if (!transposed) {
    const { results } = byScan({
      initial: [],
      sequences: parts,
      shared: [flat],
      step: (_, group, [input]) => ({ state: [], results: [project(input!, weightOf(group))] }),
    });
    return reshape(transpose(results[0]!, [1, 0, 2]), [...x.type.shape.slice(0, -1), rows]);
  }
  const columns = transpose(reshape(flat, [lines, groups, rows / groups]), [1, 0, 2]);
  const { final } = byScan({
    initial: [broadcastTo(x.builder.scalar(0), [lines, width])],
    sequences: [columns, ...parts],
    shared: [],
    step: ([sum], [part, ...group]) => ({ state: [add(sum!, matmul(part!, weightOf(group)))], results: [] }),
  });
  return reshape(final[0]!, [...x.type.shape.slice(0, -1), width]);
}
