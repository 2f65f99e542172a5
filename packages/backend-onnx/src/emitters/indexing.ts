/** Gather and scatter. */
import type { GatherAttributes, ScatterAddAttributes } from '@attune/ir';
import { elementCount } from '@attune/ir';
import { onnxType } from '../lowering/model.js';
import type { Emit } from './emitter.js';

export const emitGather: Emit<GatherAttributes> = (lowering, op, { axis }) => {
  const [name] = lowering.graph.node('Gather', op.inputs.map((id) => lowering.full(id)), { axis });
  lowering.outputs(op, [name]);
};

/** ScatterND over the first axis; another axis is brought to the front and back. */
export const emitScatterAdd: Emit<ScatterAddAttributes> = (lowering, op, { axis }) => {
  const { graph } = lowering;
  const [operand, indices, updates] = op.inputs.map((id) => lowering.full(id));
  const { shape } = lowering.type(op.inputs[0]!);
  const indexShape = lowering.type(op.inputs[1]!).shape;
  const count = elementCount(indexShape);
  const [wide] = graph.node('Cast', [indices!], { to: onnxType.i64 });
  const [column] = graph.node('Reshape', [wide, graph.integers([count, 1])]);
  const toFront = [axis, ...shape.map((_, index) => index).filter((index) => index !== axis)];
  const move = (name: string, permutation: readonly number[]) =>
    axis === 0 ? name : graph.node('Transpose', [name], { perm: permutation })[0];
  const others = shape.filter((_, index) => index !== axis);
  const flat = [...shape.slice(0, axis), count, ...shape.slice(axis + 1)];
  const [rows] = graph.node('Reshape', [updates!, graph.integers(flat)]);
  const ordered = axis === 0 ? rows : graph.node('Reshape', [move(rows, toFront), graph.integers([count, ...others])])[0];
  const [sum] = graph.node('ScatterND', [move(operand!, toFront), column, ordered], { reduction: 'add' });
  lowering.outputs(op, [move(sum, shape.map((_, index) => toFront.indexOf(index)))]);
};
