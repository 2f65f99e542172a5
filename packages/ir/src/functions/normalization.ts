import type { Value } from '../builder.js';
import { add } from '../primitives/add.js';
import { mul } from '../primitives/mul.js';
import { reshape } from '../primitives/reshape.js';
import { rsqrt } from '../primitives/rsqrt.js';
import { sub } from '../primitives/sub.js';
import { mean, variance } from './reductions.js';

export interface AffineNorm {
  readonly weight: Value;
  readonly bias: Value;
  readonly epsilon: number;
}

/** Normalises [N, C, ...] over each group of channels and all axes behind them (Wu and He 2018). */
export function groupNorm(x: Value, groups: number, { weight, bias, epsilon }: AffineNorm): Value {
  const { shape } = x.type;
  const grouped = reshape(x, [shape[0]!, groups, -1]);
  const centered = sub(grouped, mean(grouped, { axes: [-1], keepAxes: true }));
  const scale = rsqrt(add(variance(grouped, { axes: [-1], keepAxes: true }), epsilon));
  return perChannel(reshape(mul(centered, scale), shape), weight, bias);
}

/** Batch normalisation of [N, C, ...] with the statistics of training, as in evaluation (Ioffe and Szegedy 2015). */
export function batchNormInference(
  x: Value,
  statistics: { readonly mean: Value; readonly variance: Value },
  { weight, bias, epsilon }: AffineNorm,
): Value {
  const scale = mul(weight, rsqrt(add(statistics.variance, epsilon)));
  return perChannel(x, scale, sub(bias, mul(statistics.mean, scale)));
}

function perChannel(x: Value, scale: Value, shift: Value): Value {
  const shape = [scale.type.shape[0]!, ...x.type.shape.slice(2).map(() => 1)];
  return add(mul(x, reshape(scale, shape)), reshape(shift, shape));
}
