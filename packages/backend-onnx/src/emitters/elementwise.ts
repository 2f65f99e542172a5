/** Elementwise operators work on tensors in whatever shape they are held, and leave broadcasting to ONNX. */
import { broadcastShapes, type Op } from '@attune/ir';
import type { AttributeValue } from '../lowering/graph.js';
import type { Held, Lowering } from '../lowering/lowering.js';
import { onnxType } from '../lowering/onnx-type.js';
import type { Emit } from './emitter.js';

export function elementwise(
  operator: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Emit<unknown> {
  return (lowering, op) => {
    const operands = op.inputs.map((id) => lowering.held(id));
    const [name] = lowering.graph.node(
      operator,
      operands.map((operand) => operand.name),
      attributes,
    );
    lowering.hold(op.outputs[0]!, name, commonShape(op, operands));
  };
}

/** The shape that ONNX gives a node on tensors of these shapes. */
function commonShape(op: Op, operands: readonly Held[]): readonly number[] {
  return broadcastShapes(
    op.definition.name,
    operands.map(({ shape }) => ({ shape, dtype: 'f32' })),
  );
}

/** a + b; a bias on a product becomes the product's third operand. */
export const emitAdd: Emit<unknown> = (lowering, op) => {
  if (!fuseBias(lowering, op)) elementwise('Add')(lowering, op, {});
};

function fuseBias(lowering: Lowering, op: Op): boolean {
  for (const [index, id] of op.inputs.entries()) {
    const other = op.inputs[1 - index]!;
    if (other === id || lowering.scalarOf(other) !== undefined) continue;
    const product = lowering.takeProduct(id);
    if (!product) continue;
    const bias = lowering.held(other);
    if (product.batched || bias.shape.length !== 1 || bias.shape[0] !== product.columns) {
      lowering.settle(id, product);
      continue;
    }
    const { a, b, alpha, transposeA, transposeB } = product;
    const [name] = lowering.graph.node('Gemm', [a, b, bias.name], {
      alpha: { float: alpha },
      transA: Number(transposeA),
      transB: Number(transposeB),
    });
    lowering.result(op.outputs[0]!, name);
    return true;
  }
  return false;
}

/** a * b; a constant factor on a product becomes its alpha, and a square waits for a sum over it. */
export const emitMul: Emit<unknown> = (lowering, op) => {
  if (lowering.squareOf(op.outputs[0]!) !== undefined) return;
  for (const [index, id] of op.inputs.entries()) {
    const factor = lowering.scalarOf(op.inputs[1 - index]!);
    const product = factor === undefined ? undefined : lowering.takeProduct(id);
    if (!product || factor === undefined) continue;
    lowering.postpone(op.outputs[0]!, { ...product, alpha: product.alpha * factor });
    return;
  }
  elementwise('Mul')(lowering, op, {});
};

/** `and`, `or` and `xor` are other operators on bools than on words. */
export function logical(onBool: string, onWords: string): Emit<unknown> {
  return (lowering, op) => {
    const isBool = lowering.type(op.inputs[0]!).dtype === 'bool';
    elementwise(isBool ? onBool : onWords)(lowering, op, {});
  };
}

/** Where, which ONNX Runtime does not have for bools and u32: those go through i32. */
export const emitSelect: Emit<unknown> = (lowering, op) => {
  const { dtype } = lowering.type(op.outputs[0]!);
  if (dtype !== 'bool' && dtype !== 'u32') return elementwise('Where')(lowering, op, {});
  const operands = op.inputs.map((id) => lowering.held(id));
  const { graph } = lowering;
  const [predicate, ...branches] = operands.map(({ name }) => name);
  const words = branches.map((name) => graph.node('Cast', [name], { to: onnxType.i32 })[0]);
  const [chosen] = graph.node('Where', [predicate!, ...words]);
  const [name] = graph.node('Cast', [chosen], { to: onnxType[dtype] });
  lowering.hold(op.outputs[0]!, name, commonShape(op, operands));
};

/** not(isnan(x) or isinf(x)): ONNX Runtime's IsInf and IsNaN. */
export const emitIsFinite: Emit<unknown> = (lowering, op) => {
  const { name, shape } = lowering.held(op.inputs[0]!);
  const { graph } = lowering;
  const [infinite] = graph.node('IsInf', [name]);
  const [notNumber] = graph.node('IsNaN', [name]);
  const [either] = graph.node('Or', [infinite, notNumber]);
  const [finite] = graph.node('Not', [either]);
  lowering.hold(op.outputs[0]!, finite, shape);
};

/** 1 / sqrt(x). */
export const emitRsqrt: Emit<unknown> = (lowering, op) => {
  const { name, shape } = lowering.held(op.inputs[0]!);
  const [root] = lowering.graph.node('Sqrt', [name]);
  const [inverse] = lowering.graph.node('Reciprocal', [root]);
  lowering.hold(op.outputs[0]!, inverse, shape);
};

const comparisons = { eq: 'Equal', lt: 'Less', le: 'LessOrEqual', gt: 'Greater', ge: 'GreaterOrEqual' } as const;

export const emitCompare: Emit<{ readonly direction: keyof typeof comparisons | 'ne' }> = (
  lowering,
  op,
  { direction },
) => {
  if (direction !== 'ne') return elementwise(comparisons[direction])(lowering, op, {});
  const operands = op.inputs.map((id) => lowering.held(id));
  const [equal] = lowering.graph.node(
    'Equal',
    operands.map(({ name }) => name),
  );
  const [different] = lowering.graph.node('Not', [equal]);
  lowering.hold(op.outputs[0]!, different, commonShape(op, operands));
};
