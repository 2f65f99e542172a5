/** Reductions, scans and sorting. */
import type { ArgmaxAttributes, CumsumAttributes, ReductionAttributes, SortAttributes } from '@attune/ir';
import { onnxType } from '../lowering/model.js';
import type { Emit } from './emitter.js';

export function reduction(operator: string): Emit<ReductionAttributes> {
  return (lowering, op, { axes }) => {
    if (axes.length === 0) {
      const { name, shape } = lowering.held(op.inputs[0]!);
      lowering.hold(op.outputs[0]!, name, shape);
      return;
    }
    const square = operator === 'ReduceSum' ? lowering.squareOf(op.inputs[0]!) : undefined;
    const kind = square === undefined ? operator : 'ReduceSumSquare';
    const [name] = lowering.graph.node(kind, [lowering.full(square ?? op.inputs[0]!), lowering.graph.integers(axes)], {
      keepdims: 0,
    });
    lowering.outputs(op, [name]);
  };
}

export const emitArgmax: Emit<ArgmaxAttributes> = (lowering, op, { axis }) => {
  const [index] = lowering.graph.node('ArgMax', [lowering.full(op.inputs[0]!)], { axis, keepdims: 0 });
  lowering.outputs(op, [lowering.graph.node('Cast', [index], { to: onnxType.i32 })[0]]);
};

export const emitCumsum: Emit<CumsumAttributes> = (lowering, op, { axis, reverse }) => {
  const { graph } = lowering;
  const [name] = graph.node('CumSum', [lowering.full(op.inputs[0]!), graph.scalar(axis, 'i32')], {
    reverse: Number(reverse),
  });
  lowering.outputs(op, [name]);
};

/** TopK of the whole axis, which ONNX Runtime orders by value and then by index: a stable sort. */
export const emitSort: Emit<SortAttributes> = (lowering, op, { axis, descending }) => {
  const { graph } = lowering;
  const size = lowering.type(op.inputs[0]!).shape[axis]!;
  const [values, indices] = graph.node(
    'TopK',
    [lowering.full(op.inputs[0]!), graph.integers([size])],
    { axis, largest: Number(descending), sorted: 1 },
    { outputs: 2 },
  );
  lowering.outputs(op, [values, graph.node('Cast', [indices!], { to: onnxType.i32 })[0]]);
};
