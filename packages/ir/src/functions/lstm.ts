import type { Value } from '../builder.js';
import { lstmDefinition } from '../composites/lstm.js';
import { add } from '../primitives/add.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { cast } from '../primitives/cast.js';
import { reshape } from '../primitives/reshape.js';
import { reverse } from '../primitives/reverse.js';
import { select } from '../primitives/select.js';
import { sliceAxis } from '../primitives/slice.js';

/** The weights of one layer and direction, in PyTorch's order of the gates: input, forget, cell, output. */
export interface LstmWeights {
  /** [4 hidden, width]. */
  readonly inputWeight: Value;
  /** [4 hidden, hidden]. */
  readonly hiddenWeight: Value;
  /** [4 hidden] each; zeros by default. They are added. */
  readonly biases?: readonly Value[];
}

/** Hidden and cell state, [batch, hidden] each. */
export interface LstmState {
  readonly hidden: Value;
  readonly cell: Value;
}

export interface LstmOptions {
  /** The state before the first step; zeros by default. */
  readonly initial?: LstmState;
  /**
   * bool [steps, batch], false where a row has no step: it keeps its state, and its output is 0. A row may end or begin
   * with such steps.
   */
  readonly mask?: Value;
  /** Goes through the steps from the last to the first. Outputs stay in the order of the inputs. */
  readonly backward?: boolean;
}

export interface LstmOutput {
  /** The hidden state after each step, [steps, batch, hidden]. */
  readonly outputs: Value;
  /** The state after the last step, in the direction that it goes. */
  readonly final: LstmState;
}

/** One layer of an LSTM over x [steps, batch, width], as torch.nn.LSTM. */
export function lstm(
  x: Value,
  weights: LstmWeights,
  { initial, mask, backward = false }: LstmOptions = {},
): LstmOutput {
  const { inputWeight, hiddenWeight, biases = [] } = weights;
  const [steps, batch] = x.type.shape;
  const [, size] = hiddenWeight.type.shape;
  const zero = cast(x.builder.scalar(0), x.type.dtype);
  const zeroState = broadcastTo(zero, [batch!, size!]);
  const bias = biases.reduce<Value | undefined>((sum, each) => (sum ? add(sum, each) : each), undefined);
  const inOrder = (sequence: Value) => (backward ? reverse(sequence, [0]) : sequence);
  const ordered = mask && inOrder(mask);
  const [hidden, cells] = x.builder.apply(
    lstmDefinition,
    [
      inOrder(x),
      initial?.hidden ?? zeroState,
      initial?.cell ?? zeroState,
      inputWeight,
      hiddenWeight,
      bias ?? broadcastTo(zero, [4 * size!]),
      ...(ordered ? [ordered] : []),
    ],
    {},
  );
  const shown = ordered ? select(reshape(ordered, [steps!, batch!, 1]), hidden!, zero) : hidden!;
  const last = (states: Value) => reshape(sliceAxis(states, 0, steps! - 1, steps!), [batch!, size!]);
  return { outputs: inOrder(shown), final: { hidden: last(hidden!), cell: last(cells!) } };
}
