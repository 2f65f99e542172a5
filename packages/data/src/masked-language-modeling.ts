/** Texts for masked language models: masks that differ from epoch to epoch. */
import type { TokenizedDataset } from '@attune/core';
import type { Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { type EncodeOptions, truncationWarnings } from './classification.js';
import { type MaskingOptions, maskTokens } from './masking.js';
import type { TextDataset } from './text-examples.js';
import { type EncodedExample, tokenizedDataset, tokenLabels } from './tokenized.js';

/** The part of a tokenizer that masking needs; @attune/hub's Tokenizer has it. */
export type MaskingTokenizer = Pick<Tokenizer, 'encode' | 'maskTokenId' | 'name' | 'padTokenId' | 'vocabularySize'>;

export interface MaskedLanguageModelingOptions
  extends EncodeOptions,
    Omit<MaskingOptions, 'maskTokenId' | 'vocabularySize'> {}

/**
 * Texts whose words are hidden at random, for the masked language modeling objective: `labels` i32 [batch, tokens] hold
 * the original ids of what was chosen. Masks are drawn when a batch is made, as a function of seed, epoch, example and
 * position; evaluation, which has no epoch, sees the same ones every time.
 * @throws AttuneError `E_TOKENIZER` for a tokenizer without a mask token, `E_CONFIG`, and what the tokenizer throws
 */
export async function encodeMaskedLanguageModeling(
  texts: TextDataset,
  tokenizer: MaskingTokenizer,
  options: MaskedLanguageModelingOptions,
): Promise<{ readonly dataset: TokenizedDataset; readonly warnings: readonly string[] }> {
  const { maxLength, signal, onProgress, maxBuckets, multipleOf, minSaving, ...own } = options;
  const { maskTokenId, vocabularySize } = tokenizer;
  if (maskTokenId === undefined) {
    throw new AttuneError('E_TOKENIZER', `${tokenizer.name} has no mask token.`, {
      file: tokenizer.name,
      field: 'mask_token',
    });
  }
  const masking: MaskingOptions = { ...own, maskTokenId, vocabularySize };
  maskTokens([], [], masking, { seed: 0, epoch: 0, index: 0 });
  const source = await texts.toArray();
  const examples: EncodedExample[] = [];
  const words: (readonly (number | null)[])[] = [];
  for (let start = 0; start < source.length; start += 1000) {
    signal?.throwIfAborted();
    const chunk = source.slice(start, start + 1000);
    const encodings = await tokenizer.encode(chunk, { truncation: true, maxLength, ...(signal ? { signal } : {}) });
    for (const [index, { ids, typeIds, truncated, wordIds }] of encodings.entries()) {
      examples.push({ ids, typeIds, truncated, labels: {}, row: chunk[index]!.row });
      words.push(wordIds);
    }
    onProgress?.(examples.length, source.length);
  }
  const dataset = tokenizedDataset(examples, {
    ...(maxBuckets === undefined ? {} : { maxBuckets }),
    ...(multipleOf === undefined ? {} : { multipleOf }),
    ...(minSaving === undefined ? {} : { minSaving }),
    name: texts.name,
    padTokenId: tokenizer.padTokenId,
    labelFields: [tokenLabels],
    maxLength,
    transform(example, index, { seed, epoch }) {
      const { ids, labels } = maskTokens(example.ids, words[index]!, masking, { seed, epoch, index });
      return { ...example, ids, labels: { labels } };
    },
  });
  return { dataset, warnings: truncationWarnings(texts.name, examples, maxLength) };
}
