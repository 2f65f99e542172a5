import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { project } from '../functions/products.js';
import { type Recur, unrolled } from '../functions/recurrence.js';
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
import { expectLstm, gateOf, lstmOperands } from './lstm-parts.js';

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
  decompose: (inputs) => decomposeBy(unrolled(), inputs),
  decomposeBy,
  vjp({ inputs, outputs, cotangents }) {
    const [bias, mask] = inputs.slice(5);
    const given = cotangents.flatMap((cotangent, output) => (cotangent ? [lstmResults[output]!] : []));
    const arriving = cotangents.flatMap((cotangent) => cotangent ?? []);
    const operands = [...inputs.slice(0, 5), ...outputs, ...(mask ? [mask] : []), ...arriving];
    return bias!.builder.apply(lstmGradientDefinition, operands, { given });
  },
});

export const lstmSamples = () =>
  samplesOf<NoAttributes>(
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
  );

/** The decomposition of lstm: one product for the inputs of all steps, and one after the other for the states. */
function decomposeBy(recur: Recur, inputs: readonly Value[]): readonly Value[] {
  const { x, hidden, cell, inputWeight, hiddenWeight } = lstmOperands(inputs);
  const [bias, mask] = inputs.slice(5);
  const projected = add(project(x, inputWeight), bias!);
  const isOwn = mask && reshape(mask, [...mask.type.shape, 1]);
  return recur({
    initial: [hidden, cell],
    sequences: [projected, ...(isOwn ? [isOwn] : [])],
    shared: [hiddenWeight],
    step: ([hidden, cell], [input, isOwn], [weight]) => {
      const gates = add(input!, project(hidden!, weight!));
      const open = logistic(gates);
      const candidate = tanh(gateOf(gates, 'cell'));
      const nextCell = add(mul(gateOf(open, 'forget'), cell!), mul(gateOf(open, 'input'), candidate));
      const nextHidden = mul(gateOf(open, 'output'), tanh(nextCell));
      const state = isOwn
        ? [select(isOwn, nextHidden, hidden!), select(isOwn, nextCell, cell!)]
        : [nextHidden, nextCell];
      return { state, results: [...state, gates] };
    },
  }).results;
}
