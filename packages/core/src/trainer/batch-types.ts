import type { HostBatch } from '../objective.js';
import type { BatchTypes } from '../trace.js';

export const typesOf = (batch: HostBatch): BatchTypes =>
  Object.fromEntries(Object.entries(batch).map(([name, { type }]) => [name, type]));

/** A key of the batch's static shapes. */
export const shapesOf = (batch: HostBatch): string =>
  Object.entries(batch)
    .map(([name, { type }]) => `${name}[${type.shape}]`)
    .join();
