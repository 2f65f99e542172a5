/** What lstm and its gradient share: operands, their shapes, and how gates lie side by side. */
import type { Value } from '../builder.js';
import { sliceAxis } from '../primitives/slice.js';
import { expectDType, expectFloat, shapeError } from '../shape.js';
import { sameShape, type TensorType } from '../tensor.js';

export interface LstmOperands<T> {
  /** [steps, batch, width]. */
  readonly x: T;
  /** The state before the first step, [batch, hidden] each. */
  readonly hidden: T;
  readonly cell: T;
  /** [4 hidden, width] and [4 hidden, hidden]: the rows of the gates input, forget, cell and output, in this order. */
  readonly inputWeight: T;
  readonly hiddenWeight: T;
}

/** Names the first five inputs of lstm and of its gradient. */
export function lstmOperands<T>([x, hidden, cell, inputWeight, hiddenWeight]: readonly T[]): LstmOperands<T> {
  return { x: x!, hidden: hidden!, cell: cell!, inputWeight: inputWeight!, hiddenWeight: hiddenWeight! };
}

/** The types of what one value for each step and gate, and one for each step, are. */
export interface LstmTypes {
  readonly gates: TensorType;
  readonly states: TensorType;
}

/** The shape rule of the operands. @throws AttuneError `E_SHAPE` */
export function expectLstm(op: string, inputs: readonly TensorType[], mask: TensorType | undefined): LstmTypes {
  const { x, hidden, cell, inputWeight, hiddenWeight } = lstmOperands(inputs);
  if (inputs.length < 5) throw shapeError(op, `takes at least 5 inputs, got ${inputs.length}`, inputs);
  expectFloat(op, [x]);
  const [steps, batch, width] = x.shape;
  const [, size] = hidden.shape;
  const fits =
    x.shape.length === 3 &&
    steps! > 0 &&
    [hidden, cell].every(({ shape }) => sameShape(shape, [batch!, size!])) &&
    sameShape(inputWeight.shape, [4 * size!, width!]) &&
    sameShape(hiddenWeight.shape, [4 * size!, size!]) &&
    [hidden, cell, inputWeight, hiddenWeight].every(({ dtype }) => dtype === x.dtype);
  if (!fits) {
    throw shapeError(op, 'takes x [steps, batch, width], states [batch, hidden] and weights of 4 hidden rows', inputs);
  }
  if (mask) {
    expectDType(op, mask, ['bool'], inputs);
    if (!sameShape(mask.shape, [steps!, batch!])) throw shapeError(op, 'the mask must be [steps, batch]', inputs);
  }
  const of = (last: number): TensorType => ({ shape: [steps!, batch!, last], dtype: x.dtype });
  return { gates: of(4 * size!), states: of(size!) };
}

/** The part of one gate of [..., 4 hidden]. */
export function gateOf(gates: Value, gate: 'input' | 'forget' | 'cell' | 'output'): Value {
  const axis = gates.type.shape.length - 1;
  const size = gates.type.shape[axis]! / 4;
  const place = ['input', 'forget', 'cell', 'output'].indexOf(gate);
  return sliceAxis(gates, axis, place * size, (place + 1) * size);
}
