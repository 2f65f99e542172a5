/** Reductions, scans and sorting. */
import {
  type ArgmaxAttributes,
  type CumsumAttributes,
  elementCount,
  type Op,
  type ReductionAttributes,
  type SortAttributes,
} from '@attune/ir';
import type { Lowering } from '../lowering/lowering.js';
import { onnxType } from '../lowering/onnx-type.js';
import type { Emit } from './emitter.js';

export function reduction(operator: string): Emit<ReductionAttributes> {
  return (lowering, op, { axes }) => {
    if (axes.length === 0) {
      const { name, shape } = lowering.held(op.inputs[0]!);
      lowering.hold(op.outputs[0]!, name, shape);
      return;
    }
    if (operator === 'ReduceSum' && sumsColumns(lowering, op, axes)) {
      lowering.outputs(op, [columnSums(lowering, op, axes.length)]);
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

/** Whether a sum runs over the leading axes of something large: its columns. */
function sumsColumns(lowering: Lowering, op: Op, axes: readonly number[]): boolean {
  const { shape, dtype } = lowering.type(op.inputs[0]!);
  const leads = axes.length < shape.length && axes.every((axis, index) => axis === index);
  return leads && dtype === 'f32' && elementCount(shape.slice(0, axes.length)) >= 64 && elementCount(shape) >= 2 ** 14;
}

/** The sums of columns as a product with a row of ones, three times as fast as ReduceSum. */
function columnSums(lowering: Lowering, op: Op, leading: number): string {
  const { graph } = lowering;
  const { shape } = lowering.type(op.inputs[0]!);
  const [rows, kept] = [elementCount(shape.slice(0, leading)), shape.slice(leading)];
  const [matrix] = graph.node('Reshape', [lowering.full(op.inputs[0]!), graph.integers([rows, elementCount(kept)])]);
  const [sums] = graph.node('MatMul', [graph.ones([1, rows]), matrix]);
  return graph.node('Reshape', [sums, graph.integers(kept)])[0];
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
