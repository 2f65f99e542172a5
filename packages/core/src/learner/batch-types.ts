import type { HostTensor } from '@attune/ir';
import type { BatchTypes } from '../model.js';
import type { HostBatch } from '../objective.js';
import { batchInput } from '../port-names.js';

export const typesOf = (batch: HostBatch): BatchTypes =>
  Object.fromEntries(Object.entries(batch).map(([name, { type }]) => [name, type]));

/** A key of the batch's static shapes. */
export const shapesOf = (batch: HostBatch): string =>
  Object.entries(batch)
    .map(([name, { type }]) => `${name}[${type.shape}]`)
    .join();

/** The batch's fields under the names of a program's inputs. */
export const inputsOf = (batch: HostBatch): ReadonlyMap<string, HostTensor> =>
  new Map(Object.entries(batch).map(([name, tensor]) => [batchInput(name), tensor]));
