/** Batches in equal parts of their rows, each of which a device takes at a time. */
import { elementCount, type HostTensor } from '@attune/ir';
import type { Batch } from '../dataset.js';
import type { StepBatch } from '../learner/training-programs.js';

/** The parts of a batch that hold an example; rows that only fill it up are at its end. */
export function partsOf({ tensors, rows, indices, continues = false }: Batch, parts: number): readonly StepBatch[] {
  if (parts === 1) return [{ tensors, rows, indices, continues }];
  const size = (Object.values(tensors)[0]?.type.shape[0] ?? 0) / parts;
  return Array.from({ length: Math.max(1, Math.ceil(rows.length / size)) }, (_, part) => {
    const [start, end] = [part * size, (part + 1) * size];
    return {
      tensors: Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, rowsOf(tensor, start, end)])),
      rows: rows.slice(start, end),
      indices: indices.slice(start, end),
      continues,
      part,
    };
  });
}

function rowsOf({ type, data }: HostTensor, start: number, end: number): HostTensor {
  const [, ...width] = type.shape;
  const count = elementCount(width);
  return {
    type: { ...type, shape: [end - start, ...width] },
    data: data.slice(start * count, end * count),
  };
}
