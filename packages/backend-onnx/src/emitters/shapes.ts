/** Operators that move elements. */
import type {
  BroadcastAttributes,
  CastAttributes,
  ConcatAttributes,
  IotaAttributes,
  PadAttributes,
  ReverseAttributes,
  SliceAttributes,
  TransposeAttributes,
} from '@attune/ir';
import { elementCount, hostTensor, sameShape } from '@attune/ir';
import type { GraphBuilder } from '../lowering/graph.js';
import { onnxType } from '../lowering/onnx-type.js';
import type { Emit } from './emitter.js';

/** A broadcast is a reshape that inserts axes of size 1, if it is anything at all. */
export const emitBroadcast: Emit<BroadcastAttributes> = (lowering, op, { shape, dimensions }) => {
  const source = op.inputs[0]!;
  const held = lowering.held(source);
  const rank = lowering.type(source).shape.length;
  const padded = [...new Array<number>(rank - held.shape.length).fill(1), ...held.shape];
  const target = shape.map((_, axis) => {
    const from = dimensions.indexOf(axis);
    return from < 0 ? 1 : padded[from]!;
  });
  const trimmed = trimLeadingOnes(target);
  const name = sameShape(trimmed, trimLeadingOnes(held.shape))
    ? held.name
    : lowering.graph.node('Reshape', [held.name, lowering.graph.integers(trimmed)])[0];
  lowering.hold(op.outputs[0]!, name, name === held.name ? held.shape : trimmed);
  lowering.keepScalar(op.outputs[0]!, source);
};

const trimLeadingOnes = (shape: readonly number[]): readonly number[] => {
  const first = shape.findIndex((size) => size !== 1);
  return first < 0 ? [] : shape.slice(first);
};

/** The same tensor under another name. */
export const emitStopGradient: Emit<unknown> = (lowering, op) => {
  const { name, shape } = lowering.held(op.inputs[0]!);
  lowering.hold(op.outputs[0]!, name, shape);
  lowering.keepScalar(op.outputs[0]!, op.inputs[0]!);
};

/** A reshape of something that is held as a scalar stays a scalar. */
export const emitReshape: Emit<unknown> = (lowering, op) => {
  const [source, target] = [op.inputs[0]!, op.outputs[0]!];
  const held = lowering.held(source);
  if (elementCount(held.shape) === 1 && held.shape.length === 0) {
    lowering.hold(target, held.name, []);
    lowering.keepScalar(target, source);
    return;
  }
  const { shape } = lowering.type(target);
  const [name] = lowering.graph.node('Reshape', [lowering.full(source), lowering.graph.integers(shape)], {
    allowzero: 1,
  });
  lowering.hold(target, name, shape);
};

export const emitTranspose: Emit<TransposeAttributes> = (lowering, op, { permutation }) => {
  const [name] = lowering.graph.node('Transpose', [lowering.full(op.inputs[0]!)], { perm: permutation });
  lowering.outputs(op, [name]);
};

export const emitCast: Emit<CastAttributes> = (lowering, op, { dtype }) => {
  const { name, shape } = lowering.held(op.inputs[0]!);
  const [result] = lowering.graph.node('Cast', [name], { to: onnxType[dtype] });
  lowering.hold(op.outputs[0]!, result, shape);
};

export const emitSlice: Emit<SliceAttributes> = (lowering, op, { start, limit, strides }) => {
  const name = sliceNode(lowering.graph, lowering.full(op.inputs[0]!), start, limit, strides);
  lowering.outputs(op, [name]);
};

function sliceNode(
  graph: GraphBuilder,
  name: string,
  start: readonly number[],
  limit: readonly number[],
  strides: readonly number[],
): string {
  const axes = start.map((_, axis) => axis);
  return graph.node('Slice', [name, ...[start, limit, axes, strides].map((values) => graph.integers(values))])[0];
}

/** Pad; padding between elements is made as padding behind each element of a new last axis, and cut at the end. */
export const emitPad: Emit<PadAttributes> = (lowering, op, { low, high, interior, value }) => {
  const { graph } = lowering;
  const type = lowering.type(op.inputs[0]!);
  const fill = value === 0 ? undefined : graph.constant(hostTensor([], [value], type.dtype));
  const padNode = (name: string, before: readonly number[], after: readonly number[]) =>
    graph.node('Pad', [name, graph.integers([...before, ...after]), ...(fill === undefined ? [] : [fill])])[0];
  let name = lowering.full(op.inputs[0]!);
  const shape = [...type.shape];
  for (const [axis, between] of interior.entries()) {
    if (between === 0 || shape[axis]! < 2) continue;
    const split = [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)];
    const [apart] = graph.node('Reshape', [name, graph.integers(split)]);
    const zeros = split.map(() => 0);
    const padded = padNode(
      apart,
      zeros,
      split.map((_, index) => (index === axis + 1 ? between : 0)),
    );
    const joined = shape.map((size, index) => (index === axis ? size * (between + 1) : size));
    const [merged] = graph.node('Reshape', [padded, graph.integers(joined)]);
    shape[axis] = joined[axis]! - between;
    name = sliceNode(
      graph,
      merged,
      shape.map(() => 0),
      shape,
      shape.map(() => 1),
    );
  }
  const plain = [...low, ...high].every((amount) => amount === 0);
  lowering.outputs(op, [plain ? name : padNode(name, low, high)]);
};

export const emitConcat: Emit<ConcatAttributes> = (lowering, op, { axis }) => {
  const [name] = lowering.graph.node(
    'Concat',
    op.inputs.map((id) => lowering.full(id)),
    { axis },
  );
  lowering.outputs(op, [name]);
};

export const emitReverse: Emit<ReverseAttributes> = (lowering, op, { axes }) => {
  const { graph } = lowering;
  const each = (value: number) => graph.integers(axes.map(() => value));
  const inputs = [lowering.full(op.inputs[0]!), each(-1), each(-(2 ** 31)), graph.integers(axes), each(-1)];
  lowering.outputs(op, [graph.node('Slice', inputs)[0]]);
};

/** A constant along its axis; the other axes are broadcast. */
export const emitIota: Emit<IotaAttributes> = (lowering, op, { shape, axis, dtype }) => {
  const size = shape[axis]!;
  const held = [size, ...shape.slice(axis + 1).map(() => 1)];
  const numbers = Array.from({ length: size }, (_, index) => index);
  lowering.hold(op.outputs[0]!, lowering.graph.constant(hostTensor(held, numbers, dtype)), held);
};
