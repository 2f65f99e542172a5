import type { Value } from '../builder.js';
import { add } from '../primitives/add.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { cast } from '../primitives/cast.js';
import { logistic } from '../primitives/logistic.js';
import { mul } from '../primitives/mul.js';
import { reshape } from '../primitives/reshape.js';
import { select } from '../primitives/select.js';
import { sliceAxis } from '../primitives/slice.js';
import { sub } from '../primitives/sub.js';
import { tanh } from '../primitives/tanh.js';
import { matmul } from './products.js';
import { unrolled } from './recurrence.js';

/** The weights of one layer and direction, in PyTorch's order of the gates: reset, update, new. */
export interface GruWeights {
  /** [3 hidden, width]. */
  readonly inputWeight: Value;
  /** [3 hidden, hidden]. */
  readonly hiddenWeight: Value;
  /** [3 hidden]. */
  readonly inputBias: Value;
  /** [3 hidden]; that of the new state is added before the reset gate. */
  readonly hiddenBias: Value;
}

export interface GruOptions {
  /** The state before the first step, [batch, hidden]; zeros by default. */
  readonly initial?: Value;
  /** bool [steps, batch], false where a row has no step: it keeps its state, and its output is 0. */
  readonly mask?: Value;
  /** Goes through the steps from the last to the first. Outputs stay in the order of the inputs. */
  readonly backward?: boolean;
}

export interface GruOutput {
  /** The state after each step, [steps, batch, hidden]. */
  readonly outputs: Value;
  /** The state after the last step, in the direction that it goes. */
  readonly final: Value;
}

/** One layer of a GRU over x [steps, batch, width], as torch.nn.GRU; a program of all steps, one behind the other. */
export function gru(x: Value, weights: GruWeights, { initial, mask, backward = false }: GruOptions = {}): GruOutput {
  const { inputWeight, hiddenWeight, inputBias, hiddenBias } = weights;
  const [, batch] = x.type.shape;
  const [, size] = hiddenWeight.type.shape;
  const zero = cast(x.builder.scalar(0), x.type.dtype);
  const fromInputs = add(matmul(x, inputWeight, { transposeB: true }), inputBias);
  const { final, results } = unrolled()({
    initial: [initial ?? broadcastTo(zero, [batch!, size!])],
    sequences: mask ? [fromInputs, mask] : [fromInputs],
    shared: [hiddenWeight, hiddenBias],
    backward,
    step([state], [input, isStep], [weight, bias]) {
      const hidden = add(matmul(state!, weight!, { transposeB: true }), bias!);
      const gate = (gates: Value, index: number) => sliceAxis(gates, 1, index * size!, (index + 1) * size!);
      const reset = logistic(add(gate(input!, 0), gate(hidden, 0)));
      const update = logistic(add(gate(input!, 1), gate(hidden, 1)));
      const fresh = tanh(add(gate(input!, 2), mul(reset, gate(hidden, 2))));
      const next = add(fresh, mul(update, sub(state!, fresh)));
      if (!isStep) return { state: [next], results: [next] };
      const counts = reshape(isStep, [batch!, 1]);
      return { state: [select(counts, next, state!)], results: [select(counts, next, zero)] };
    },
  });
  return { outputs: results[0]!, final: final[0]! };
}
