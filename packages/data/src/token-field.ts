import { hashName, type TokenizedDataset } from '@attune/core';
import { AttuneError, fromHalfBits, hostTensor } from '@attune/ir';

/** Vectors for the tokens of each example of a data set, one example behind the other. */
export interface TokenVectors {
  readonly width: number;
  /** How many tokens each example has. */
  readonly counts: readonly number[];
  /** f16 as bits, [all tokens * width]; NaN for a token without a vector. */
  readonly values: Uint16Array;
  /** A hash of where the vectors come from. */
  readonly fingerprint: string;
}

/** Every half as a number: a batch has a million of them. */
const halves = Float32Array.from({ length: 1 << 16 }, (_, bits) => fromHalfBits(bits, 'f16'));

/**
 * The data set with a further field in its batches, f32 [batch, tokens, width]: what a teacher says about each token.
 * Padding holds NaN, which objectives of distillation leave out.
 * @throws AttuneError `E_DATA` where there are not vectors for each example and token; for tokens when the batch is made
 */
export function withTokenField(dataset: TokenizedDataset, name: string, vectors: TokenVectors): TokenizedDataset {
  const { width, counts, values, fingerprint } = vectors;
  if (counts.length !== dataset.length) {
    const problem = `"${name}" has vectors for ${counts.length} of ${dataset.length} examples.`;
    throw new AttuneError('E_DATA', problem, { field: name });
  }
  const starts = [0];
  for (const count of counts) starts.push(starts.at(-1)! + count);
  return {
    ...dataset,
    fingerprint: `${dataset.fingerprint}-${hashName(`${name} ${fingerprint}`).toString(16)}`,
    batches: (options) =>
      dataset.batches(options).map((make) => () => {
        const batch = make();
        const { shape } = batch.tensors.inputIds!.type;
        const [rows, tokens] = [shape[0]!, shape[1]!];
        const data = new Float32Array(rows * tokens * width).fill(Number.NaN);
        for (const [row, index] of batch.indices.entries()) {
          if (counts[index]! > tokens) {
            const problem = `"${name}" has ${counts[index]} tokens for example ${index}, the batch has ${tokens}.`;
            throw new AttuneError('E_DATA', problem, { field: name });
          }
          const own = values.subarray(starts[index]! * width, starts[index + 1]! * width);
          data.set(
            Float32Array.from(own, (bits) => halves[bits]!),
            row * tokens * width,
          );
        }
        return { ...batch, tensors: { ...batch.tensors, [name]: hostTensor([rows, tokens, width], data) } };
      }),
  };
}
