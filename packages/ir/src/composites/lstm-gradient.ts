import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { einsum, matmul } from '../functions/products.js';
import { type Recur, unrolled } from '../functions/recurrence.js';
import { add } from '../primitives/add.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { cast } from '../primitives/cast.js';
import { concat } from '../primitives/concat.js';
import { logistic } from '../primitives/logistic.js';
import { mul } from '../primitives/mul.js';
import { reduceSum } from '../primitives/reduce-sum.js';
import { reshape } from '../primitives/reshape.js';
import { select } from '../primitives/select.js';
import { sliceAxis } from '../primitives/slice.js';
import { sub } from '../primitives/sub.js';
import { tanh } from '../primitives/tanh.js';
import { samplesOf } from '../samples.js';
import { shapeError } from '../shape.js';
import { hostTensor, sameType } from '../tensor.js';
import { expectLstm, gateOf, lstmOperands } from './lstm-parts.js';

export type LstmResult = 'hidden' | 'cells' | 'gates';

export type LstmGradientAttributes = {
  /** Which results of lstm have a cotangent. */
  readonly given: readonly LstmResult[];
};

/**
 * The cotangents of lstm's first six inputs. Inputs: lstm's first five, its three results, its mask if there is one, and the
 * cotangents that `given` lists. Step by step only that is computed which needs the step behind: slopes are made before, and
 * gradients of weights afterwards, for all steps at once.
 */
export const lstmGradientDefinition = defineComposite<'lstm_gradient', LstmGradientAttributes>({
  name: 'lstm_gradient',
  infer(inputs, { given }) {
    const { mask, ...others } = namedInputs(inputs, given);
    const { gates, states } = expectLstm('lstm_gradient', inputs, mask);
    const typeOf = (result: LstmResult) => (result === 'gates' ? gates : states);
    const fits = ([...lstmResults, ...given] as const).every((result, index) => {
      const found = index < lstmResults.length ? others.results[result] : others.cotangents[result];
      return found !== undefined && sameType(found, typeOf(result));
    });
    if (!fits) throw shapeError('lstm_gradient', `takes three results and cotangents of ${given}`, inputs);
    return [...inputs.slice(0, 5), { shape: gates.shape.slice(2), dtype: gates.dtype }];
  },
  decompose: (inputs, attributes) => decomposeBy(unrolled(), inputs, attributes),
  decomposeBy,
});

export const lstmGradientSamples = () =>
  samplesOf<LstmGradientAttributes>(
    {
      name: 'of the hidden states',
      inputs: [
        [3, 2, 2],
        [2, 3],
        [2, 3],
        [12, 2],
        [12, 3],
        [3, 2, 3],
        [3, 2, 3],
        [3, 2, 12],
        [3, 2, 3],
      ],
      attributes: { given: ['hidden'] },
    },
    {
      name: 'of everything, masked',
      inputs: [
        ...[
          [2, 2, 1],
          [2, 2],
          [2, 2],
          [8, 1],
          [8, 2],
          [2, 2, 2],
          [2, 2, 2],
          [2, 2, 8],
        ],
        hostTensor([2, 2], [1, 0, 1, 1], 'bool'),
        ...[
          [2, 2, 2],
          [2, 2, 2],
          [2, 2, 8],
        ],
      ],
      attributes: { given: ['hidden', 'cells', 'gates'] },
    },
  );

/** The results of lstm, in order. */
export const lstmResults = ['hidden', 'cells', 'gates'] as const satisfies readonly LstmResult[];

function namedInputs<T>(inputs: readonly T[], given: readonly LstmResult[]) {
  const [hidden, cells, gates, ...rest] = inputs.slice(5);
  const hasMask = rest.length > given.length;
  const arriving = hasMask ? rest.slice(1) : rest;
  const cotangentOf = (result: LstmResult): T | undefined => arriving[given.indexOf(result)];
  return {
    results: { hidden, cells, gates },
    mask: hasMask ? rest[0] : undefined,
    cotangents: { hidden: cotangentOf('hidden'), cells: cotangentOf('cells'), gates: cotangentOf('gates') },
  };
}

/** The decomposition of lstm's gradient. */
function decomposeBy(recur: Recur, inputs: readonly Value[], { given }: LstmGradientAttributes): readonly Value[] {
  const { x, hidden: h0, cell: c0, inputWeight, hiddenWeight } = lstmOperands(inputs);
  const { results, mask, cotangents } = namedInputs(inputs, given);
  const isOwn = mask && reshape(mask, [...mask.type.shape, 1]);
  const slopes = slopesOf(results.gates!, results.cells!, behind(c0, results.cells!), isOwn);
  const zero = broadcastTo(cast(x.builder.scalar(0), x.type.dtype), h0.type.shape);
  const arriving = given.map((result) => cotangents[result]!);
  const { final, results: made } = recur({
    backward: true,
    initial: [zero, zero],
    sequences: [slopes.gates, slopes.cell, slopes.kept, ...arriving, ...(isOwn ? [isOwn] : [])],
    shared: [hiddenWeight],
    step: ([nextHidden, nextCell], [gateSlope, cellSlope, kept, ...rest], [weight]) => {
      const arrived = (result: LstmResult) => rest[given.indexOf(result)];
      const isOwn = rest[given.length];
      const hidden = plus(nextHidden!, arrived('hidden'));
      const cell = add(plus(nextCell!, arrived('cells')), mul(hidden, cellSlope!));
      const gates = plus(mul(concat([cell, cell, cell, hidden], 1), gateSlope!), arrived('gates'));
      const product = matmul(gates, weight!);
      const before = isOwn ? select(isOwn, product, plus(product, hidden)) : product;
      return { state: [before, mul(cell, kept!)], results: [gates] };
    },
  });
  const [gates] = made;
  const [hidden, cell] = final;
  return [
    matmul(gates!, inputWeight),
    hidden!,
    cell!,
    einsum('sbg,sbw->gw', gates!, x),
    einsum('sbg,sbh->gh', gates!, behind(h0, results.hidden!)),
    reduceSum(gates!, [0, 1]),
  ];
}

const plus = (x: Value, more: Value | undefined): Value => (more ? add(x, more) : x);

/** The states before each step. */
function behind(first: Value, states: Value): Value {
  const [steps, ...rest] = states.type.shape;
  return concat([reshape(first, [1, ...rest]), sliceAxis(states, 0, 0, steps! - 1)], 0);
}

interface Slopes {
  /** Of the cell state by the gates input, forget and cell, and of the hidden state by the output gate. */
  readonly gates: Value;
  /** Of the hidden state by the cell state. */
  readonly cell: Value;
  /** Of the cell state by that before. */
  readonly kept: Value;
}

function slopesOf(gates: Value, cells: Value, previousCells: Value, isOwn: Value | undefined): Slopes {
  const open = logistic(gates);
  const [input, forget, output] = [gateOf(open, 'input'), gateOf(open, 'forget'), gateOf(open, 'output')];
  const candidate = tanh(gateOf(gates, 'cell'));
  const shown = tanh(cells);
  const ofLogistic = (y: Value) => sub(y, mul(y, y));
  const own = (x: Value, otherwise: 0 | 1) =>
    isOwn ? select(isOwn, x, cast(x.builder.scalar(otherwise), x.type.dtype)) : x;
  const byGate = [
    mul(candidate, ofLogistic(input)),
    mul(previousCells, ofLogistic(forget)),
    sub(input, mul(input, mul(candidate, candidate))),
    mul(shown, ofLogistic(output)),
  ] as const;
  return {
    gates: own(concat(byGate, 2), 0),
    cell: own(sub(output, mul(output, mul(shown, shown))), 0),
    kept: own(forget, 1),
  };
}
