/** Texts that belong together (anchor, positive, negative) as one batch of sentence embeddings. */
import { AttuneError, sliceAxis, type Value } from '@attune/ir';
import type { Values } from '../model.js';
import type { HostBatch } from '../objective.js';
import { fieldOf, namedValue } from './labels.js';

/** The columns of an output [columns * rows, width], which holds the rows of one column behind those of another. */
export function columnsOf(outputs: Values, output: string, columns: number): readonly Value[] {
  const joined = namedValue(outputs, output);
  const rows = rowsOf(joined.type.shape[0]!, columns);
  return Array.from({ length: columns }, (_, index) => sliceAxis(joined, 0, index * rows, (index + 1) * rows));
}

/** The rows of each column of a batch, by its `inputIds`. */
export const countRows = (batch: HostBatch, columns: number): number =>
  rowsOf(fieldOf(batch, 'inputIds').type.shape[0]!, columns);

function rowsOf(size: number, columns: number): number {
  if (size % columns === 0) return size / columns;
  throw new AttuneError('E_DATA', `A batch of ${size} texts is not made of ${columns} columns.`, { field: 'inputIds' });
}
