import { AttuneError, concat, type HostTensor, hostTensor, sliceAxis, type Value } from '@attune/ir';
import type { Values } from '../model.js';
import { type HostBatch, IGNORED_LABEL } from '../objective.js';

/** A field of a batch. @throws AttuneError `E_DATA` where it is missing */
export function fieldOf(batch: HostBatch, name: string): HostTensor {
  const field = batch[name];
  if (field) return field;
  throw new AttuneError('E_DATA', `The batch has no field "${name}"; it has ${Object.keys(batch).join(', ')}.`, {
    field: name,
  });
}

/** The number of labels that are not ignored. @throws AttuneError `E_DATA` for a label outside 0..classes-1 */
export function countClassLabels(batch: HostBatch, name: string, classes: number): number {
  let count = 0;
  for (const label of fieldOf(batch, name).data) {
    if (label === IGNORED_LABEL) continue;
    if (label < 0 || label >= classes) {
      throw new AttuneError('E_DATA', `"${name}" holds the class ${label}; the model has ${classes} classes.`, {
        field: name,
      });
    }
    count++;
  }
  return count;
}

/** @throws AttuneError `E_PROGRAM` where the model or batch lacks the value */
export function namedValue(values: Values, name: string): Value {
  const value = values[name];
  if (value) return value;
  throw new AttuneError('E_PROGRAM', `The objective needs "${name}"; there are ${Object.keys(values).join(', ')}.`, {
    field: name,
  });
}

/** The pass that sees the same batch as the first under other dropout masks. */
export const SECOND_PASS = 'second';

/** At each of `tokens` tokens the label of the next, i32 [batch, tokens]; at the last none, if there is no label more. */
export function nextLabels(labels: Value, tokens = labels.type.shape[1]!): Value {
  const batch = labels.type.shape[0]!;
  if (labels.type.shape[1] === tokens + 1) return sliceAxis(labels, 1, 1, tokens + 1);
  const none = labels.builder.constant(hostTensor([batch, 1], new Int32Array(batch).fill(IGNORED_LABEL), 'i32'));
  return concat([sliceAxis(labels, 1, 1, tokens), none], 1);
}
