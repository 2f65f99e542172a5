/** What the losses over pairs of answers share: the first half of a batch's rows are the chosen ones, the second the rejected. */
import { cast, crossEntropyRows, equal, neg, reshape, select, sliceAxis, softplus, sum, type Value } from '@attune/ir';
import type { Values } from '../model.js';
import { type HostBatch, IGNORED_LABEL } from '../objective.js';
import { fieldOf, namedValue, nextLabels } from './labels.js';

/** The log-probability of each token that a mask marks, 0 for others: [rows, tokens]. A token's place is that before it. */
export function tokenLogps(outputs: Values, ids: Value, mask: Value): Value {
  const logits = namedValue(outputs, 'logits');
  const [rows, tokens, classes] = logits.type.shape as [number, number, number];
  const targets = select(equal(mask, 1), ids, IGNORED_LABEL);
  const entropies = crossEntropyRows(reshape(logits, [-1, classes]), reshape(nextLabels(targets), [-1]));
  return neg(reshape(entropies, [rows, tokens]));
}

/** The log-probability of each row's answer: [rows]. */
export function rowLogps(outputs: Values, batch: Values): Value {
  const logps = tokenLogps(outputs, namedValue(batch, 'inputIds'), namedValue(batch, 'completionMask'));
  return sum(logps, { axes: [1] });
}

/** The tokens of each row's answer: f32 [rows]. */
export const answerLengths = (batch: Values): Value =>
  sum(cast(namedValue(batch, 'completionMask'), 'f32'), { axes: [1] });

/** The chosen rows, then the rejected. */
export function halves(x: Value): readonly [Value, Value] {
  const pairs = x.type.shape[0]! / 2;
  return [sliceAxis(x, 0, 0, pairs), sliceAxis(x, 0, pairs, 2 * pairs)];
}

export const logSigmoid = (x: Value): Value => neg(softplus(neg(x)));

/** How many tokens of the chosen rows a mask marks, but for the first of each, which nothing predicts. */
export function countChosen(batch: HostBatch, maskName: string): number {
  const { type, data } = fieldOf(batch, maskName);
  const [rows, tokens] = type.shape as [number, number];
  let count = 0;
  for (let index = 0; index < (rows / 2) * tokens; index++) if (index % tokens > 0 && data[index] === 1) count += 1;
  return count;
}
