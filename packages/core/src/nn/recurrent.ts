/** Recurrent layers, and the dropout that goes with them. */
import { broadcastTo, dynamicSliceAxis, equal, lstm as lstmOverSteps, mul, swapAxes, type Value } from '@attune/ir';
import type { Initializer } from '../initializer.js';
import { CACHE_POSITION, type Values } from '../model.js';
import { namedValue } from '../objectives/labels.js';
import type { Scope } from '../scope.js';

/** Hidden and cell state, [batch, size] each. */
export interface RecurrentState {
  readonly hidden: Value;
  readonly cell: Value;
}

export interface LstmLayerOptions {
  /** Units. */
  readonly size: number;
  /** The state before the first token; zeros if absent. */
  readonly state?: RecurrentState | undefined;
  /** bool [batch, tokens], false for padding: a row keeps its state there, and its output is 0. */
  readonly mask?: Value | undefined;
  /** Rate of the dropout on the weights between steps (Merity et al. 2017); 0 by default. */
  readonly weightDropout?: number;
  /** Which layer of several it is, for the names of its parameters; 0 by default. */
  readonly layer?: number;
  /** Whether it goes from the last token to the first, past padding at the end; false by default. */
  readonly backward?: boolean;
}

/**
 * An LSTM over x [batch, tokens, width], with the parameters `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` and `bias_hh_l0` of
 * torch.nn.LSTM (`…_l0_reverse` backward), which start as there: uniform within 1 / sqrt(size).
 * @returns the hidden states [batch, tokens, size], and the state after the token that comes last in its direction
 */
export function lstmLayer(
  scope: Scope,
  x: Value,
  { size, state, mask, weightDropout = 0, layer: index = 0, backward = false }: LstmLayerOptions,
): { readonly outputs: Value; readonly state: RecurrentState } {
  const initializer: Initializer = { kind: 'uniform', bound: size ** -0.5 };
  const layer = scope.ofKind('lstm');
  const parameter = (name: string, ...width: readonly number[]) =>
    layer.parameter(`${name}_l${index}${backward ? '_reverse' : ''}`, [4 * size, ...width], initializer);
  const hiddenWeight = scope.dropout(parameter('weight_hh', size), weightDropout, 'weight_hh');
  const { outputs, final } = lstmOverSteps(
    swapAxes(x, 0, 1),
    {
      inputWeight: parameter('weight_ih', x.type.shape[2]!),
      hiddenWeight,
      biases: [parameter('bias_ih'), parameter('bias_hh')],
    },
    { ...(state ? { initial: state } : {}), ...(mask ? { mask: swapAxes(mask, 0, 1) } : {}), backward },
  );
  return { outputs: swapAxes(outputs, 0, 1), state: final };
}

/** Which of the batch's tokens are not padding, bool [batch, tokens]: also if the mask is of all places of a cache. */
export function attendedTokens(inputs: Values): Value {
  const mask = namedValue(inputs, 'attentionMask');
  const position = inputs[CACHE_POSITION];
  const tokens = namedValue(inputs, 'inputIds').type.shape[1]!;
  return equal(position ? dynamicSliceAxis(mask, 1, position, tokens) : mask, 1);
}

/** Dropout of x [batch, tokens, width] with one mask for all tokens of a row (Gal and Ghahramani 2016). */
export function lockedDropout(scope: Scope, x: Value, rate: number, site: string): Value {
  const [batch, , width] = x.type.shape;
  const ones = broadcastTo(x.builder.scalar(1), [batch!, 1, width!]);
  const mask = scope.dropout(ones, rate, site);
  return mask === ones ? x : mul(x, mask);
}
