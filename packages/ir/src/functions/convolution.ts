import type { Value } from '../builder.js';
import { AttuneError } from '../errors.js';
import { add } from '../primitives/add.js';
import { concat } from '../primitives/concat.js';
import { pad } from '../primitives/pad.js';
import { reshape } from '../primitives/reshape.js';
import { sliceAxis } from '../primitives/slice.js';
import { transpose } from '../primitives/transpose.js';
import { matmul } from './products.js';
import { stack } from './shapes.js';

export interface Conv1dOptions {
  /** [channels out]. */
  readonly bias?: Value;
  /** Positions from one window to the next; 1 by default. */
  readonly stride?: number;
  /** Zeros at both ends; 0 by default. */
  readonly padding?: number;
  /** Positions from one element of a window to the next; 1 by default. */
  readonly dilation?: number;
  /** Groups of channels that do not see each other; 1 by default. */
  readonly groups?: number;
}

/**
 * torch.nn.functional.conv1d (a cross-correlation): x [batch, channels in, length], weight [channels out, channels in /
 * groups, window]. Windows are cut out and multiplied as a matrix.
 * @throws AttuneError `E_SHAPE` for channels that do not fit, or a window that is longer than the padded input
 */
export function conv1d(x: Value, weight: Value, options: Conv1dOptions = {}): Value {
  const { bias, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const [batch, channels, length] = x.type.shape as readonly [number, number, number];
  const [outputs, perGroup, window] = weight.type.shape as readonly [number, number, number];
  const reach = (window - 1) * dilation + 1;
  const places = Math.floor((length + 2 * padding - reach) / stride) + 1;
  if (perGroup * groups !== channels || outputs % groups !== 0 || places < 1) {
    const message = `conv1d: input [${x.type.shape}] and weight [${weight.type.shape}] do not fit with ${groups} groups.`;
    throw new AttuneError('E_SHAPE', message, { field: 'weight' });
  }
  const padded = pad(x, { low: [0, 0, padding], high: [0, 0, padding], interior: [0, 0, 0], value: 0 });
  const elements = Array.from({ length: window }, (_, element) => {
    const start = element * dilation;
    return sliceAxis(padded, 2, start, start + (places - 1) * stride + 1, stride);
  });
  // [batch, channels, window, places]
  const windows = stack([elements[0]!, ...elements.slice(1)], 2);
  const made = Array.from({ length: groups }, (_, group) => {
    const own = sliceAxis(windows, 1, group * perGroup, (group + 1) * perGroup);
    const rows = transpose(reshape(own, [batch, perGroup * window, places]), [0, 2, 1]);
    const kernel = sliceAxis(weight, 0, (group * outputs) / groups, ((group + 1) * outputs) / groups);
    return matmul(rows, reshape(kernel, [outputs / groups, perGroup * window]), { transposeB: true });
  });
  const joined = concat([made[0]!, ...made.slice(1)], 2);
  return transpose(bias ? add(joined, bias) : joined, [0, 2, 1]);
}
