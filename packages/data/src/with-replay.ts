/** Batches of a task that hold rows of an earlier one beside their own. */
import { type Batch, type BatchOptions, replayedField, type TokenizedDataset } from '@attune/core';
import { sha256Of } from '@attune/hub/internal';

/**
 * The data of a task for `replay`: each training batch has rows of an earlier task beside its own, as many as make `share` of both.
 * The earlier data are gone through in an order of their own, over and over. What is evaluated stays as it is.
 * @param share between 0 and 1
 */
export function withReplay(train: TokenizedDataset, earlier: TokenizedDataset, share: number): TokenizedDataset {
  const { holdOut, balanced } = train;
  return {
    ...train,
    length: train.length,
    fingerprint: sha256Of(`${train.fingerprint} ${earlier.fingerprint} ${share}`),
    batches: (options) => mixed(train, earlier, share, options),
    ...(holdOut
      ? {
          holdOut(request) {
            const parts = holdOut(request);
            return { ...parts, train: withReplay(parts.train, earlier, share) };
          },
        }
      : {}),
    ...(balanced ? { balanced: async () => withReplay(await balanced(), earlier, share) } : {}),
  };
}

function mixed(
  train: TokenizedDataset,
  earlier: TokenizedDataset,
  share: number,
  options: BatchOptions,
): readonly (() => Batch)[] {
  const own = train.batches(options);
  const { batchSize, shuffle } = options;
  if (!shuffle) return own;
  const rows = Math.max(1, Math.round((batchSize * share) / (1 - share)));
  const { seed, epoch } = shuffle;
  const epochs = new Map<number, readonly (() => Batch)[]>();
  const earlierBatches = (number: number) => {
    const made = epochs.get(number) ?? earlier.batches({ batchSize: rows, shuffle: { seed, epoch: number } });
    epochs.set(number, made);
    return made;
  };
  const perEpoch = earlierBatches(0).length;
  return own.map((make, index) => () => {
    const place = epoch * own.length + index;
    const beside = earlierBatches(Math.floor(place / perEpoch))[place % perEpoch];
    const batch = make();
    const fields = Object.entries(beside?.().tensors ?? {}).map(
      ([name, tensor]) => [replayedField(name), tensor] as const,
    );
    return { ...batch, tensors: { ...batch.tensors, ...Object.fromEntries(fields) } };
  });
}
