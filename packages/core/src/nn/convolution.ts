import { conv1d, swapAxes, type Value } from '@attune/ir';
import type { Initializer } from '../initializer.js';
import type { Scope } from '../scope.js';

export interface Conv1dLayerOptions {
  /** Channels out. */
  readonly channels: number;
  /** Tokens that a window covers. */
  readonly window: number;
  /** Zeros at both ends; 0 by default. */
  readonly padding?: number;
}

/**
 * A convolution over the tokens of x [batch, tokens, width], with the parameters `weight` [channels, width, window] and `bias`
 * of torch.nn.Conv1d, which start as there: uniform within 1 / sqrt(width * window).
 * @returns [batch, places, channels]
 */
export function conv1dLayer(
  scope: Scope,
  name: string | number,
  x: Value,
  { channels, window, padding = 0 }: Conv1dLayerOptions,
): Value {
  const layer = scope.child(name).ofKind('convolution');
  const width = x.type.shape[2]!;
  const initializer: Initializer = { kind: 'uniform', bound: (width * window) ** -0.5 };
  const weight = layer.parameter('weight', [channels, width, window], initializer);
  const bias = layer.parameter('bias', [channels], initializer);
  return swapAxes(conv1d(swapAxes(x, 1, 2), weight, { bias, padding }), 1, 2);
}
