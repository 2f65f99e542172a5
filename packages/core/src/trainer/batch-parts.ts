/** Batches in parts of as many examples, each of which a device takes at a time. */
import { elementCount, type HostTensor } from '@attune/ir';
import type { Batch } from '../dataset.js';
import type { StepBatch } from '../learner/training-programs.js';

/**
 * The parts of a batch that hold an example; rows that only fill it up are at its end.
 * @param textsPerExample as the data set says: each part has all texts of its examples
 */
export function partsOf(
  { tensors, rows, indices, continues = false }: Batch,
  parts: number,
  textsPerExample = 1,
): readonly StepBatch[] {
  if (parts === 1) return [{ tensors, rows, indices, continues }];
  const examples = (Object.values(tensors)[0]?.type.shape[0] ?? 0) / textsPerExample;
  const size = Math.ceil(examples / parts);
  return Array.from({ length: Math.max(1, Math.ceil(rows.length / size)) }, (_, part) => {
    const [start, end] = [part * size, Math.min((part + 1) * size, examples)];
    return {
      tensors: Object.fromEntries(
        Object.entries(tensors).map(([name, tensor]) => [name, examplesOf(tensor, examples, start, end)]),
      ),
      rows: rows.slice(start, end),
      indices: indices.slice(start, end),
      continues,
      part,
    };
  });
}

/** Some examples of a tensor, whose rows are those of all first texts, then of all second ones, and so on. */
function examplesOf({ type, data }: HostTensor, examples: number, start: number, end: number): HostTensor {
  const [rows = 0, ...width] = type.shape;
  const texts = rows / examples;
  const count = elementCount(width);
  const length = (end - start) * count;
  const cut = data.slice(0, texts * length);
  for (let text = 0; text < texts; text++) {
    const from = (text * examples + start) * count;
    cut.set(data.subarray(from, from + length), text * length);
  }
  return { type: { ...type, shape: [texts * (end - start), ...width] }, data: cut };
}
