/** Token classification: tagged sentences become tokenized data sets, labelled as transformers' run_ner does. */
import { IGNORED_LABEL } from '@attune/core';
import type { Tokenizer } from '@attune/hub';
import type { EncodedDataset, EncodeOptions } from './classification.js';
import type { TaggedDataset } from './conll.js';
import type { LabelMap } from './label-map.js';
import { type EncodedExample, tokenizedDataset, tokenLabels } from './tokenized.js';

export interface TokenClassificationOptions extends EncodeOptions {
  /** Labels all pieces of a word with its tag; by default the first only, and the others count for nothing. */
  readonly labelAllTokens?: boolean;
}

/**
 * Sentences with one label per piece; special tokens have the ignored label. Words are joined by spaces.
 * @throws AttuneError `E_DATA_LABELS` for an unknown tag, and what the tokenizer throws
 */
export async function encodeTokenClassification(
  sentences: TaggedDataset,
  tokenizer: Tokenizer,
  labels: LabelMap,
  { maxLength, signal, onProgress, labelAllTokens = false, ...buckets }: TokenClassificationOptions,
): Promise<EncodedDataset> {
  const source = await sentences.toArray();
  const examples: EncodedExample[] = [];
  for (let start = 0; start < source.length; start += 1000) {
    signal?.throwIfAborted();
    const chunk = source.slice(start, start + 1000);
    const texts = chunk.map(({ tokens }) => tokens.join(' '));
    const encodings = await tokenizer.encode(texts, { truncation: true, maxLength, ...(signal ? { signal } : {}) });
    for (const [index, { ids, typeIds, truncated, offsets, sequenceIds }] of encodings.entries()) {
      const { tokens, tags, row } = chunk[index]!;
      const tagIds = tags.map((tag) => labels.id(tag, sentences.name, row));
      const words = wordsAt(tokens);
      let previous = -1;
      const pieceLabels = ids.map((_, piece) => {
        if (sequenceIds[piece] === null) return IGNORED_LABEL;
        const word = words[offsets[piece]![0]]!;
        const isFirst = word !== previous;
        previous = word;
        return isFirst || labelAllTokens ? tagIds[word]! : IGNORED_LABEL;
      });
      examples.push({ ids, typeIds, truncated, labels: { labels: pieceLabels }, row });
    }
    onProgress?.(examples.length, source.length);
  }
  const cut = examples.filter(({ truncated }) => truncated).length;
  const { name } = sentences;
  return {
    dataset: tokenizedDataset(examples, {
      ...buckets,
      name,
      padTokenId: tokenizer.padTokenId,
      labelFields: [tokenLabels],
      maxLength,
    }),
    examples,
    warnings:
      cut > examples.length / 5
        ? [`${cut} of ${examples.length} sentences of ${name} are longer than ${maxLength} tokens and were cut.`]
        : [],
  };
}

/** The word at each character of the joined sentence; a space belongs to the word behind it. */
function wordsAt(tokens: readonly string[]): readonly number[] {
  return tokens.flatMap((token, word) => new Array<number>(token.length + (word > 0 ? 1 : 0)).fill(word));
}
