/** dot_general as a matrix product of two- or three-dimensional views, transposed only where no view fits. */
import { type DotGeneralAttributes, elementCount } from '@attune/ir';
import type { Lowering } from '../lowering/lowering.js';
import type { Emit } from './emitter.js';

/** An operand seen as [batch, free, contracted], or [batch, contracted, free] where `contractedFirst`. */
interface MatrixView {
  readonly name: string;
  readonly contractedFirst: boolean;
}

export const emitDotGeneral: Emit<DotGeneralAttributes> = (lowering, op, attributes) => {
  const [lhs, rhs] = [op.inputs[0]!, op.inputs[1]!];
  const left = lowering.type(lhs).shape;
  const right = lowering.type(rhs).shape;
  const pairs = attributes.lhsContract
    .map((axis, index) => ({ left: axis, right: attributes.rhsContract[index]! }))
    .sort((a, b) => a.left - b.left);
  const { lhsBatch, rhsBatch } = attributes;
  const free = (rank: number, batch: readonly number[], contract: readonly number[]) =>
    Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !batch.includes(axis) && !contract.includes(axis));
  const sizes = (shape: readonly number[], axes: readonly number[]) => elementCount(axes.map((axis) => shape[axis]!));
  const leftContract = pairs.map((pair) => pair.left);
  const rightContract = pairs.map((pair) => pair.right);
  const leftFree = free(left.length, lhsBatch, leftContract);
  const rightFree = free(right.length, rhsBatch, rightContract);
  const batch = sizes(left, lhsBatch);
  const batched = lhsBatch.length > 0;
  const inner = sizes(left, leftContract);
  const [rows, columns] = [sizes(left, leftFree), sizes(right, rightFree)];
  const a = view(lowering, lhs, lhsBatch, leftFree, leftContract, { batched, batch, free: rows, inner });
  const b = view(lowering, rhs, rhsBatch, rightFree, rightContract, { batched, batch, free: columns, inner });
  lowering.postpone(op.outputs[0]!, {
    a: a.name,
    b: b.name,
    transposeA: a.contractedFirst,
    transposeB: !b.contractedFirst,
    alpha: 1,
    batched,
    rows,
    columns,
  });
};

interface ViewSizes {
  readonly batched: boolean;
  readonly batch: number;
  readonly free: number;
  readonly inner: number;
}

function view(
  lowering: Lowering,
  id: number,
  batch: readonly number[],
  free: readonly number[],
  contract: readonly number[],
  sizes: ViewSizes,
): MatrixView {
  const { graph } = lowering;
  const inOrder = (axes: readonly number[]) => axes.every((axis, index) => axis === index);
  const orders = [
    [...batch, ...free, ...contract],
    [...batch, ...contract, ...free],
  ] as const;
  // Where neither order is the operand's own, the one that keeps its last axis last moves less.
  const last = lowering.type(id).shape.length - 1;
  const own = orders.findIndex(inOrder);
  const chosen =
    own >= 0
      ? own
      : Math.max(
          0,
          orders.findIndex((order) => order.at(-1) === last),
        );
  const fits = own >= 0;
  const contractedFirst = chosen === 1;
  const full = lowering.full(id);
  const ordered = fits ? full : graph.node('Transpose', [full], { perm: orders[chosen]! })[0];
  const matrix = contractedFirst ? [sizes.inner, sizes.free] : [sizes.free, sizes.inner];
  const shape = sizes.batched ? [sizes.batch, ...matrix] : matrix;
  const rank = last + 1;
  const isView = fits && rank === shape.length;
  return {
    name: isView ? ordered : graph.node('Reshape', [ordered, graph.integers(shape)])[0],
    contractedFirst,
  };
}
