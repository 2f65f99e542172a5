/** Gather and scatter. */
import type { GatherAttributes, ScatterAddAttributes } from '@attune/ir';
import { elementCount } from '@attune/ir';
import type { Emit } from './emitter.js';

export const emitGather: Emit<GatherAttributes> = (lowering, op, { axis }) => {
  const [name] = lowering.graph.node(
    'Gather',
    op.inputs.map((id) => lowering.full(id)),
    { axis },
  );
  lowering.outputs(op, [name]);
};

/**
 * ScatterElements along the axis, with the indices repeated over the other axes. (ScatterND adds repeated indices on
 * several threads without a lock: its sums are wrong now and then.)
 */
export const emitScatterAdd: Emit<ScatterAddAttributes> = (lowering, op, { axis }) => {
  const { graph } = lowering;
  const [operand, indices, updates] = op.inputs.map((id) => lowering.full(id));
  const { shape } = lowering.type(op.inputs[0]!);
  const count = elementCount(lowering.type(op.inputs[1]!).shape);
  const flat = [...shape.slice(0, axis), count, ...shape.slice(axis + 1)];
  const column = [count, ...shape.slice(axis + 1).map(() => 1)];
  const [aligned] = graph.node('Reshape', [indices!, graph.integers(column)]);
  const [repeated] = graph.node('Expand', [aligned, graph.integers(flat)]);
  const [rows] = graph.node('Reshape', [updates!, graph.integers(flat)]);
  lowering.outputs(op, graph.node('ScatterElements', [operand!, repeated, rows], { axis, reduction: 'add' }));
};
