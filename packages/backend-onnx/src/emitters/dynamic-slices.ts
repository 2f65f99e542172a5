/** Parts whose start is data. */
import { type DynamicSliceAttributes, elementCount, type ValueId } from '@attune/ir';
import type { Lowering } from '../lowering/lowering.js';
import { onnxType } from '../lowering/onnx-type.js';
import type { Emit } from './emitter.js';

export const emitDynamicSlice: Emit<DynamicSliceAttributes> = (lowering, op, { sizes }) => {
  const [operand, ...starts] = op.inputs;
  const parts = movedParts(lowering, operand!, starts, sizes);
  lowering.outputs(op, [parts.reduce((name, part) => takePart(lowering, name, part), lowering.full(operand!))]);
};

/** ScatterElements of whole rows of one axis; where several are cut, into the rows that the others are cut from. */
export const emitDynamicUpdateSlice: Emit<unknown> = (lowering, op) => {
  const [operand, update, ...starts] = op.inputs;
  const { shape } = lowering.type(update!);
  const replace = (name: string, [part, ...others]: readonly Part[], rows: readonly number[]): string => {
    if (!part) return lowering.full(update!);
    const own = rows.with(part.axis, part.size);
    const replaced =
      others.length === 0 ? lowering.full(update!) : replace(takePart(lowering, name, part), others, own);
    return lowering.graph.node('ScatterElements', [name, indicesOf(lowering, part, own), replaced], {
      axis: part.axis,
    })[0];
  };
  const parts = elementCount(shape) === 0 ? undefined : movedParts(lowering, operand!, starts, shape);
  const full = lowering.full(operand!);
  lowering.outputs(op, [parts ? replace(full, parts, lowering.type(operand!).shape) : full]);
};

/** An axis of which not all is taken. */
interface Part {
  readonly axis: number;
  readonly size: number;
  /** int64 [1], clamped. */
  readonly start: string;
}

function movedParts(
  lowering: Lowering,
  operand: ValueId,
  starts: readonly ValueId[],
  sizes: readonly number[],
): readonly Part[] {
  return lowering.type(operand).shape.flatMap((whole, axis) => {
    const size = sizes[axis]!;
    return size === whole ? [] : [{ axis, size, start: clampedStart(lowering, starts[axis]!, whole - size) }];
  });
}

function clampedStart(lowering: Lowering, id: ValueId, last: number): string {
  const { graph } = lowering;
  const known = lowering.scalarOf(id);
  if (known !== undefined) return graph.integers([Math.min(Math.max(known, 0), last)]);
  const [clamped] = graph.node('Clip', [lowering.full(id), graph.scalar(0, 'i32'), graph.scalar(last, 'i32')]);
  const [wide] = graph.node('Cast', [clamped], { to: onnxType.i64 });
  return graph.node('Reshape', [wide, graph.integers([1])])[0];
}

function takePart({ graph }: Lowering, name: string, { axis, size, start }: Part): string {
  const [end] = graph.node('Add', [start, graph.integers([size])]);
  return graph.node('Slice', [name, start, end, graph.integers([axis])])[0];
}

/** For every element of `shape`: which row of the axis it takes. */
function indicesOf({ graph }: Lowering, { axis, size, start }: Part, shape: readonly number[]): string {
  const [rows] = graph.node('Add', [start, graph.integers(Array.from({ length: size }, (_, row) => row))]);
  const [column] = graph.node('Reshape', [rows, graph.integers([size, ...shape.slice(axis + 1).map(() => 1)])]);
  return graph.node('Expand', [column, graph.integers(shape)])[0];
}
