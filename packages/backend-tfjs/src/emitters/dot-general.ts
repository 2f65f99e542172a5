/** dot_general as BatchMatMul of views with two or three axes, transposed only where no view fits. */
import { type DotGeneralAttributes, elementCount, freeAxes } from '@attune/ir';
import type { Lowering } from '../lowering/lowering.js';
import type { SlotId } from '../lowering/plan.js';
import type { Emit } from './emitter.js';
import { emitOnHost } from './host.js';

export const emitDotGeneral: Emit<DotGeneralAttributes> = (lowering, op, attributes) => {
  const [lhs, rhs] = [op.inputs[0]!, op.inputs[1]!];
  // Products of integers are not everywhere, and nowhere fast.
  if (lowering.type(lhs).dtype !== 'f32') return emitOnHost(lowering, op);
  const { lhsBatch, rhsBatch } = attributes;
  const pairs = attributes.lhsContract
    .map((axis, index) => ({ left: axis, right: attributes.rhsContract[index]! }))
    .sort((a, b) => a.left - b.left);
  const left = view(lowering, lhs, { batch: lhsBatch, contract: pairs.map((pair) => pair.left) });
  const right = view(lowering, rhs, { batch: rhsBatch, contract: pairs.map((pair) => pair.right) });
  const shape = [...left.batch, left.free, right.free];
  const product = lowering.plan.kernel(
    'BatchMatMul',
    { a: left.slot, b: right.slot },
    { transposeA: left.contractedFirst, transposeB: !right.contractedFirst },
    { shape, dtype: 'f32' },
  );
  lowering.result(op.outputs[0]!, product);
};

/** An operand seen as [batch, free, contracted], or [batch, contracted, free] where `contractedFirst`. */
interface MatrixView {
  readonly slot: SlotId;
  readonly contractedFirst: boolean;
  /** The number of matrices, empty where there is one without a batch axis. */
  readonly batch: readonly number[];
  readonly free: number;
}

interface OperandAxes {
  readonly batch: readonly number[];
  readonly contract: readonly number[];
}

function view(lowering: Lowering, id: number, { batch, contract }: OperandAxes): MatrixView {
  const { plan } = lowering;
  const { shape } = lowering.type(id);
  const free = freeAxes(shape.length, batch, contract);
  const size = (axes: readonly number[]) => elementCount(axes.map((axis) => shape[axis]!));
  const orders = [
    [...batch, ...free, ...contract],
    [...batch, ...contract, ...free],
  ] as const;
  const contractedFirst = betterOrder(orders, shape.length) === 1;
  const ordered = plan.transposed(lowering.full(id), orders[contractedFirst ? 1 : 0]);
  const matrices = batch.length > 0 ? [size(batch)] : [];
  const matrix = contractedFirst ? [size(contract), size(free)] : [size(free), size(contract)];
  return { slot: plan.reshaped(ordered, [...matrices, ...matrix]), contractedFirst, batch: matrices, free: size(free) };
}

/** The operand's own order where it is one of both, else the one that keeps the last axis last, which moves less. */
function betterOrder(orders: readonly (readonly number[])[], rank: number): number {
  const own = orders.findIndex((order) => order.every((axis, index) => axis === index));
  return own >= 0
    ? own
    : Math.max(
        0,
        orders.findIndex((order) => order.at(-1) === rank - 1),
      );
}
