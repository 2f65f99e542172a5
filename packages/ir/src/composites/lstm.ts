import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { project } from '../functions/products.js';
import { add } from '../primitives/add.js';
import type { NoAttributes } from '../primitives/elementwise.js';
import { logistic } from '../primitives/logistic.js';
import { mul } from '../primitives/mul.js';
import { reshape } from '../primitives/reshape.js';
import { select } from '../primitives/select.js';
import { tanh } from '../primitives/tanh.js';
import { samplesOf } from '../samples.js';
import { shapeError } from '../shape.js';
import { hostTensor, sameShape } from '../tensor.js';
import { lstmGradientDefinition, lstmResults } from './lstm-gradient.js';
import { bySteps, expectLstm, gateOf, lstmOperands, type RowsOf, sequenceOf, slicedRows } from './lstm-parts.js';

/**
 * One layer of an LSTM over a sequence (Hochreiter and Schmidhuber 1997, with forget gates). Inputs: those of `LstmOperands`,
 * the bias [4 hidden], and perhaps a mask, bool [steps, batch]: where it is false a row keeps its state. Outputs: the hidden
 * state after each step, the cell state after each step, and the gates before their activations, [steps, batch, 4 hidden],
 * for the backward pass.
 */
export const lstmDefinition = defineComposite<'lstm', NoAttributes>({
  name: 'lstm',
  infer(inputs) {
    const [bias, mask] = inputs.slice(5);
    const { gates, states } = expectLstm('lstm', inputs, mask);
    if (!bias || bias.dtype !== gates.dtype || !sameShape(bias.shape, gates.shape.slice(2))) {
      throw shapeError('lstm', 'the bias must be [4 hidden]', inputs);
    }
    return [states, states, gates];
  },
  decompose: (inputs) => unrolledLstm(inputs, slicedRows),
  vjp({ inputs, outputs, cotangents }) {
    const [bias, mask] = inputs.slice(5);
    const given = cotangents.flatMap((cotangent, output) => (cotangent ? [lstmResults[output]!] : []));
    const arriving = cotangents.flatMap((cotangent) => cotangent ?? []);
    const operands = [...inputs.slice(0, 5), ...outputs, ...(mask ? [mask] : []), ...arriving];
    return bias!.builder.apply(lstmGradientDefinition, operands, { given });
  },
  samples: samplesOf<NoAttributes>(
    { inputs: [[3, 2, 4], [2, 3], [2, 3], [12, 4], [12, 3], [12]] },
    { name: 'one step of one unit', inputs: [[1, 2, 1], [2, 1], [2, 1], [4, 1], [4, 1], [4]] },
    {
      name: 'masked',
      inputs: [
        [4, 3, 2],
        [3, 2],
        [3, 2],
        [8, 2],
        [8, 2],
        [8],
        hostTensor([4, 3], [1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1], 'bool'),
      ],
    },
  ),
});

/** The decomposition of lstm: one product for the inputs of all steps, and one after the other for the states. */
export function unrolledLstm(inputs: readonly Value[], rowsOf: RowsOf): readonly Value[] {
  const { x, hidden: h0, cell: c0, inputWeight, hiddenWeight } = lstmOperands(inputs);
  const [bias, mask] = inputs.slice(5);
  const [steps, batch] = x.type.shape;
  const inputAt = bySteps(add(project(x, inputWeight), bias!), rowsOf);
  const maskAt = mask && bySteps(reshape(mask, [steps!, batch!, 1]), rowsOf);
  const states: { hidden: Value; cell: Value; gates: Value }[] = [];
  let [hidden, cell] = [h0, c0];
  for (let step = 0; step < steps!; step++) {
    const gates = add(inputAt(step), project(hidden, hiddenWeight));
    const open = logistic(gates);
    const nextCell = add(mul(gateOf(open, 'forget'), cell), mul(gateOf(open, 'input'), tanh(gateOf(gates, 'cell'))));
    const nextHidden = mul(gateOf(open, 'output'), tanh(nextCell));
    const isOwn = maskAt?.(step);
    hidden = isOwn ? select(isOwn, nextHidden, hidden) : nextHidden;
    cell = isOwn ? select(isOwn, nextCell, cell) : nextCell;
    states.push({ hidden, cell, gates });
  }
  return [
    sequenceOf(states.map((state) => state.hidden)),
    sequenceOf(states.map((state) => state.cell)),
    sequenceOf(states.map((state) => state.gates)),
  ];
}
