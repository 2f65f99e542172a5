/** Token classification: tagged sentences become tokenized data sets, labelled as transformers' run_ner does. */
import { IGNORED_LABEL } from '@attune/core';
import type { Tokenizer } from '@attune/hub';
import type { TaggedDataset, TaggedExample } from './conll.js';
import { type EncodedDataset, type EncodeOptions, encodeExamples } from './encode-examples.js';
import type { LabelMap } from './label-map.js';
import { type LabelledRows, labelRows } from './labelled-rows.js';
import { tokenLabels } from './tokenized.js';

export interface TokenClassificationOptions extends EncodeOptions {
  /** Labels all pieces of a word with its tag; by default the first only, and the others count for nothing. */
  readonly labelAllTokens?: boolean;
}

/**
 * Sentences with one label per piece; special tokens have the ignored label. Words are joined by spaces.
 * @throws AttuneError `E_DATA_LABELS` that lists the sentences with unknown tags, unless bad rows are skipped, and what the tokenizer throws
 */
export async function encodeTokenClassification(
  sentences: TaggedDataset,
  tokenizer: Tokenizer,
  labels: LabelMap,
  { labelAllTokens = false, ...options }: TokenClassificationOptions,
): Promise<EncodedDataset> {
  const { maxLength, signal } = options;
  return encodeExamples(
    {
      name: sentences.name,
      padTokenId: tokenizer.padTokenId,
      labelFields: [tokenLabels],
      ...(await labelSentences(sentences, labels)),
      what: 'sentences',
      async encode(chunk) {
        const texts = chunk.map(({ example }) => example.tokens.join(' '));
        const encodings = await tokenizer.encode(texts, { truncation: true, maxLength, ...(signal ? { signal } : {}) });
        return encodings.map(({ ids, typeIds, truncated, offsets, sequenceIds }, index) => {
          const { example, labels: tagIds } = chunk[index]!;
          const words = wordsAt(example.tokens);
          let previous = -1;
          const pieceLabels = ids.map((_, piece) => {
            if (sequenceIds[piece] === null) return IGNORED_LABEL;
            const word = words[offsets[piece]![0]]!;
            const isFirst = word !== previous;
            previous = word;
            return isFirst || labelAllTokens ? tagIds[word]! : IGNORED_LABEL;
          });
          return { ids, typeIds, truncated, labels: { labels: pieceLabels }, row: example.row };
        });
      },
    },
    options,
  );
}

/** The ids of the tags. @throws AttuneError `E_DATA_LABELS` that lists the sentences with unknown tags, unless they are skipped */
export const labelSentences = (
  sentences: TaggedDataset,
  labels: LabelMap,
): Promise<LabelledRows<TaggedExample, readonly number[]>> => labelRows(sentences, ({ tags }) => labels.ids(tags));

/** The word at each character of the joined sentence; a space belongs to the word behind it. */
function wordsAt(tokens: readonly string[]): readonly number[] {
  return tokens.flatMap((token, word) => new Array<number>(token.length + (word > 0 ? 1 : 0)).fill(word));
}
