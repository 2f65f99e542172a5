import type { ContextWindow } from './decoding/answer-span.js';
import type { HostBatch } from './objective.js';

/** One batch with where it came from. */
export interface Batch {
  readonly tensors: HostBatch;
  /** Row numbers in the source, for error messages; padding rows are not listed. */
  readonly rows: readonly number[];
  /** Indices of the examples in the data set, as `rows`. */
  readonly indices: readonly number[];
  /** Real tokens, padding not counted. */
  readonly tokens: number;
  /**
   * True if each row goes on where the same row of the batch before ended: what a model carries from batch to batch stays.
   * Otherwise rows begin, and it starts from 0.
   */
  readonly continues?: boolean;
  /** The texts behind the rows of question answering, as `rows`; absent elsewhere. */
  readonly windows?: readonly ContextWindow[];
}

/**
 * Tokenized examples that the trainer draws batches from. `batches` is a function of its arguments only, so that a
 * resumed run sees the same batches; every batch has one of a few static shapes.
 */
export interface TokenizedDataset {
  /** Number of examples. */
  readonly length: number;
  /** A hash of contents and tokenization, kept in checkpoints. */
  readonly fingerprint: string;
  /** Rows of the source that cannot be used and were left out; 0 where absent. */
  readonly skippedRows?: number;
  /** How many texts an example has, if several: batches hold all first texts, then all second ones, and so on. */
  readonly textsPerExample?: number;
  /** True where an example's tensors differ from epoch to epoch, as with random masking; false where absent. */
  readonly varies?: boolean;
  batches(options: BatchOptions): readonly (() => Batch)[];
  /** The same examples, but that each epoch has as many of every class; absent if examples have no class. */
  balanced?(): Promise<TokenizedDataset>;
  /** Splits a share of the examples off for evaluation, as a function of the seed; absent if that is not possible. */
  holdOut?(options: HoldOutOptions): HeldOutData;
}

export interface HoldOutOptions {
  /** Between 0 and 1. */
  readonly share: number;
  readonly seed: number;
}

export interface HeldOutData {
  readonly train: TokenizedDataset;
  /** Undefined if the share is less than one example. */
  readonly heldOut: TokenizedDataset | undefined;
}

export interface BatchOptions {
  readonly batchSize: number;
  /** Absent for evaluation: every example once, in the data set's own order (by length, of tokenized ones). */
  readonly shuffle?: { readonly seed: number; readonly epoch: number };
}
