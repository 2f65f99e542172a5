/** What all tasks share on the way from texts to tokenized data: chunks with progress, and warnings about what was cut. */
import type { TokenizedDataset } from '@attune/core';
import type { BucketOptions } from './buckets.js';
import { type EncodedExample, type TokenizedOptions, tokenizedDataset } from './tokenized.js';

export interface EncodingOptions extends BucketOptions {
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
  /** What makes batches of the examples; `tokenizedDataset` by default. */
  readonly datasetOf?: (examples: readonly EncodedExample[], options: TokenizedOptions) => TokenizedDataset;
  /** What else is worth a warning. */
  readonly warnings?: readonly string[];
}

/** @throws AttuneError `E_DATA_EMPTY` without items, and what `encode` throws */
export async function encodeExamples<Item>(
  { items, encode, what = 'texts', warnings = [], datasetOf = tokenizedDataset, ...tokenized }: EncodePlan<Item>,
  { maxLength, signal, onProgress, ...buckets }: EncodingOptions,
): Promise<EncodedDataset> {
  const { name, skippedRows = 0 } = tokenized;
  const examples = await inChunks(items, encode, { signal, onProgress });
  return {
    dataset: datasetOf(examples, { ...buckets, ...tokenized, maxLength }),
    examples,
    warnings: [
      ...warnings,
      ...truncationWarnings(examples, `${what} of ${name}`, maxLength),
      ...skippedWarnings(skippedRows, name),
    ],
  };
}

/** A sentence if rows were left out. */
export const skippedWarnings = (count: number, name: string): readonly string[] =>
  count === 0 ? [] : [`${count === 1 ? '1 row' : `${count} rows`} of ${name} ${count === 1 ? 'was' : 'were'} skipped.`];

/** What `encode` makes of items, a thousand at a time; between them other work gets its turn. @throws the signal's reason */
export async function inChunks<Item, Result>(
  items: readonly Item[],
  encode: (items: readonly Item[]) => Promise<readonly Result[]>,
  { signal, onProgress }: { readonly [Name in 'signal' | 'onProgress']?: EncodingOptions[Name] | undefined },
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += 1000) {
    if (start > 0) {
      onProgress?.(start, items.length);
      await new Promise((resolve) => setTimeout(resolve));
    }
    signal?.throwIfAborted();
    for (const result of await encode(items.slice(start, start + 1000))) results.push(result);
  }
  onProgress?.(items.length, items.length);
  return results;
}

/** A sentence where more than a fifth was cut. */
export function truncationWarnings(
  rows: readonly { readonly truncated?: boolean }[],
  what: string,
  maxLength: number,
): readonly string[] {
  const cut = rows.filter(({ truncated }) => truncated).length;
  if (cut <= rows.length / 5) return [];
  return [`${cut} of ${rows.length} ${what} are longer than ${maxLength} tokens and were cut.`];
}
