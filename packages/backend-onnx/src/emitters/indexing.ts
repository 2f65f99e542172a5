/** Gather and scatter. */
import type { GatherAttributes, ScatterAddAttributes } from '@attune/ir';
import { elementCount, hostTensor } from '@attune/ir';
import { onnxType } from '../lowering/onnx-type.js';
import type { Emit } from './emitter.js';

export const emitGather: Emit<GatherAttributes> = (lowering, op, { axis }) => {
  const [name] = lowering.graph.node(
    'Gather',
    op.inputs.map((id) => lowering.full(id)),
    { axis },
  );
  lowering.outputs(op, [name]);
};

/** Up to so many rows, adding to rows is a product with their one-hot matrix. */
const ONE_HOT_ROWS = 16;

/**
 * ScatterElements along the axis, with the indices repeated over the other axes. (ScatterND adds repeated indices on
 * several threads without a lock: its sums are wrong now and then.)
 */
export const emitScatterAdd: Emit<ScatterAddAttributes> = (lowering, op, { axis }) => {
  const { graph } = lowering;
  const [operand, indices, updates] = op.inputs.map((id) => lowering.full(id));
  const { shape } = lowering.type(op.inputs[0]!);
  const count = elementCount(lowering.type(op.inputs[1]!).shape);
  if (axis === 0 && shape.length === 2 && shape[0]! <= ONE_HOT_ROWS && lowering.type(op.inputs[0]!).dtype === 'f32') {
    const [ids] = graph.node('Reshape', [indices!, graph.integers([1, count])]);
    const numbers = graph.constant(
      hostTensor(
        [shape[0]!, 1],
        Int32Array.from({ length: shape[0]! }, (_, row) => row),
        'i32',
      ),
    );
    const [oneHot] = graph.node('Cast', [graph.node('Equal', [ids, numbers])[0]], { to: onnxType.f32 });
    const [matrix] = graph.node('Reshape', [updates!, graph.integers([count, shape[1]!])]);
    const [sums] = graph.node('MatMul', [oneHot, matrix]);
    lowering.outputs(op, graph.node('Add', [operand!, sums]));
    return;
  }
  const flat = [...shape.slice(0, axis), count, ...shape.slice(axis + 1)];
  const column = [count, ...shape.slice(axis + 1).map(() => 1)];
  const [aligned] = graph.node('Reshape', [indices!, graph.integers(column)]);
  const [repeated] = graph.node('Expand', [aligned, graph.integers(flat)]);
  const [rows] = graph.node('Reshape', [updates!, graph.integers(flat)]);
  lowering.outputs(op, graph.node('ScatterElements', [operand!, repeated, rows], { axis, reduction: 'add' }));
};
