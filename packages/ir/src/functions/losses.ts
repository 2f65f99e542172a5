/** Elementwise losses and the reductions of PyTorch. */
import type { Value } from '../builder.js';
import { crossEntropyRows } from '../composites/cross-entropy.js';
import { logSoftmax } from '../composites/log-softmax.js';
import { abs } from '../primitives/abs.js';
import { add } from '../primitives/add.js';
import { cast } from '../primitives/cast.js';
import { greater, lessEqual, notEqual } from '../primitives/compare.js';
import { div } from '../primitives/div.js';
import { exp } from '../primitives/exp.js';
import { gather } from '../primitives/gather.js';
import { log } from '../primitives/log.js';
import { mul } from '../primitives/mul.js';
import { neg } from '../primitives/neg.js';
import { select } from '../primitives/select.js';
import { sub } from '../primitives/sub.js';
import { mean, sum } from './reductions.js';

export type Reduction = 'none' | 'sum' | 'mean';

export function reduceLoss(loss: Value, reduction: Reduction): Value {
  if (reduction === 'none') return loss;
  return reduction === 'sum' ? sum(loss) : mean(loss);
}

/** log(1 + e^x), stable; its derivative is the sigmoid everywhere. */
export function softplus(x: Value): Value {
  const positive = greater(x, 0);
  return add(select(positive, x, 0), log(add(exp(select(positive, neg(x), x)), 1)));
}

/** log(sigmoid(x)), stable. */
export const logSigmoid = (x: Value): Value => neg(softplus(neg(x)));

/** Binary cross entropy of each element; `positiveWeight` multiplies the term of positive targets. */
export function binaryCrossEntropyWithLogits(logits: Value, target: Value, positiveWeight?: Value): Value {
  const negative = mul(sub(1, target), softplus(logits));
  const positive = mul(target, softplus(neg(logits)));
  return add(negative, positiveWeight ? mul(positive, positiveWeight) : positive);
}

export function squaredError(input: Value, target: Value): Value {
  const difference = sub(input, target);
  return mul(difference, difference);
}

/** 0.5 e^2 where |e| <= delta, else delta (|e| - 0.5 delta). */
export function huber(input: Value, target: Value, delta: number): Value {
  const error = sub(input, target);
  const size = abs(error);
  return select(lessEqual(size, delta), mul(mul(error, error), 0.5), mul(sub(size, 0.5 * delta), delta));
}

/** target (log target - input) of each element; `input` holds log-probabilities, `target` too where `logTarget`. */
export function klDivergence(
  input: Value,
  target: Value,
  { logTarget = false }: { readonly logTarget?: boolean } = {},
): Value {
  if (logTarget) return mul(exp(target), sub(target, input));
  const zero = lessEqual(target, 0);
  const logarithm = log(select(zero, 1, target));
  return sub(select(zero, 0, mul(target, logarithm)), mul(target, input));
}

export interface CrossEntropyOptions {
  readonly ignoreIndex?: number;
  /** Share of the target that is spread evenly over the classes. */
  readonly labelSmoothing?: number;
  /** A weight per class, [classes]. */
  readonly classWeights?: Value;
}

/**
 * Cross entropy of rows [rows, classes] against labels [rows], and the weight that each row has in a mean. Smoothing
 * and class weights as in torch.nn.functional.cross_entropy.
 */
export function crossEntropy(
  logits: Value,
  labels: Value,
  { ignoreIndex = -100, labelSmoothing = 0, classWeights }: CrossEntropyOptions = {},
): { loss: Value; weight: Value } {
  const counts = notEqual(labels, ignoreIndex);
  const own = classWeights ? gather(classWeights, select(counts, labels, 0)) : cast(counts, 'f32');
  const weight = select(counts, own, 0);
  const likelihood = crossEntropyRows(logits, labels, ignoreIndex);
  const weighted = classWeights ? mul(likelihood, weight) : likelihood;
  if (labelSmoothing === 0) return { loss: weighted, weight };
  const classes = logits.type.shape[1]!;
  const logProbabilities = logSoftmax(logits, 1);
  const spread = sum(neg(classWeights ? mul(logProbabilities, classWeights) : logProbabilities), { axes: [1] });
  const smooth = select(counts, div(spread, classes), 0);
  return { loss: add(mul(weighted, 1 - labelSmoothing), mul(smooth, labelSmoothing)), weight };
}
