import type { TokenizedDataset } from '@attune/core';
import { hashName } from '@attune/core';
import { AttuneError, hostTensor } from '@attune/ir';

/** A vector for each example of a data set, one behind the other. */
export interface RowVectors {
  readonly width: number;
  /** [examples * width]. */
  readonly values: Float32Array;
  /** A hash of where the vectors come from. */
  readonly fingerprint: string;
}

/**
 * The data set with a further field in its batches, f32 [batch, width]: what a teacher says about each example. Rows that
 * only fill up a batch hold NaN, which objectives of distillation leave out.
 * @throws AttuneError `E_DATA` where there is not one vector for each example
 */
export function withRowField(
  dataset: TokenizedDataset,
  name: string,
  { width, values, fingerprint }: RowVectors,
): TokenizedDataset {
  if (values.length !== dataset.length * width) {
    const found = values.length / width;
    throw new AttuneError('E_DATA', `"${name}" has ${found} vectors for ${dataset.length} examples.`, { field: name });
  }
  return {
    ...dataset,
    fingerprint: `${dataset.fingerprint}-${hashName(`${name} ${fingerprint}`).toString(16)}`,
    batches: (options) =>
      dataset.batches(options).map((make) => () => {
        const batch = make();
        const data = new Float32Array(options.batchSize * width).fill(Number.NaN);
        for (const [row, index] of batch.indices.entries()) {
          data.set(values.subarray(index * width, (index + 1) * width), row * width);
        }
        return { ...batch, tensors: { ...batch.tensors, [name]: hostTensor([options.batchSize, width], data) } };
      }),
  };
}
