/** What all tasks share on the way from texts to tokenized data: chunks with progress, and warnings about what was cut. */
import type { TokenizedDataset } from '@attune/core';
import type { BucketOptions } from './buckets.js';
import { type EncodedExample, type TokenizedOptions, tokenizedDataset } from './tokenized.js';

export interface EncodeOptions extends BucketOptions {
  /** Tokens kept of each text; no more than the model's positions. */
  readonly maxLength: number;
  readonly signal?: AbortSignal;
  /** Called every thousand examples and at the end. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Tokenized data, and what is worth a warning about it. */
export interface EncodedDataset {
  readonly dataset: TokenizedDataset;
  readonly examples: readonly EncodedExample[];
  readonly warnings: readonly string[];
}

export interface EncodePlan<Item> extends Omit<TokenizedOptions, 'maxLength'> {
  readonly items: readonly Item[];
  /** The examples of some items, in their order; several of an item where it has windows. */
  encode(items: readonly Item[]): Promise<readonly EncodedExample[]>;
  /** What the items are, in warnings; `texts` by default. */
  readonly what?: string;
}

/** @throws AttuneError `E_DATA_EMPTY` without items, and what `encode` throws */
export async function encodeExamples<Item>(
  { items, encode, what = 'texts', ...tokenized }: EncodePlan<Item>,
  { maxLength, signal, onProgress, ...buckets }: EncodeOptions,
): Promise<EncodedDataset> {
  const examples: EncodedExample[] = [];
  for (let start = 0; start < items.length; start += 1000) {
    if (start > 0) {
      onProgress?.(start, items.length);
      await new Promise((resolve) => setTimeout(resolve));
    }
    signal?.throwIfAborted();
    for (const example of await encode(items.slice(start, start + 1000))) examples.push(example);
  }
  onProgress?.(items.length, items.length);
  const { name, skippedRows = 0 } = tokenized;
  const cut = examples.filter(({ truncated }) => truncated).length;
  return {
    dataset: tokenizedDataset(examples, { ...buckets, ...tokenized, maxLength }),
    examples,
    warnings: [
      ...(cut > examples.length / 5
        ? [`${cut} of ${examples.length} ${what} of ${name} are longer than ${maxLength} tokens and were cut.`]
        : []),
      ...(skippedRows > 0 ? [`${skippedRows} rows of ${name} were skipped.`] : []),
    ],
  };
}
