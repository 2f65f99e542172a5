/** Labels that are numbers; NaN stands for one that is not known and counts for nothing. */
import { cast, div, equal, mul, select, sum, type Value } from '@attune/ir';
import type { HostBatch } from '../objective.js';
import { fieldOf } from './labels.js';

/** How many numbers of a field are known. @throws AttuneError `E_DATA` where the field is missing */
export const countNumbers = (batch: HostBatch, name: string): number =>
  fieldOf(batch, name).data.filter((label) => !Number.isNaN(label)).length;

/**
 * The sum of the losses of the known labels, divided by `total`.
 * @param lossOf one loss for each label; those that are not known are 0 for it
 */
export function lossOfNumbers(labels: Value, total: Value, lossOf: (labels: Value) => Value): Value {
  const isKnown = equal(labels, labels);
  return div(sum(mul(lossOf(select(isKnown, labels, 0)), cast(isKnown, 'f32'))), total);
}
