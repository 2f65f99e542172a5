/** Masked language modelling: texts become rows of tokens of which some are masked anew in each epoch. */
import type { Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { type EncodedDataset, type EncodeOptions, encodeExamples } from './encode-examples.js';
import { maskRows } from './masking.js';
import type { TextDataset } from './text-examples.js';
import { tokenLabels } from './tokenized.js';

export interface MaskedLanguageModelingOptions extends EncodeOptions {
  /** Share of the tokens that are predicted; 0.15 by default. */
  readonly maskProbability?: number;
}

/**
 * Texts in rows of at most `maxLength` tokens: a longer text goes on in the next row.
 * @throws AttuneError `E_TOKENIZER` for one without a mask token, and what the tokenizer throws
 */
export async function encodeMaskedLanguageModeling(
  texts: TextDataset,
  tokenizer: Tokenizer,
  { maskProbability = 0.15, ...options }: MaskedLanguageModelingOptions,
): Promise<EncodedDataset> {
  const { maskTokenId, vocabularySize } = tokenizer;
  if (maskTokenId === undefined) {
    throw new AttuneError('E_TOKENIZER', `${tokenizer.name} has no mask token; masked language modelling needs one.`, {
      file: tokenizer.name,
      field: 'mask_token',
      hint: 'Take a model that was pretrained with masks, such as BERT.',
    });
  }
  const { maxLength, signal } = options;
  const specials: Uint8Array[] = [];
  return encodeExamples(
    {
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      skippedRows: (await texts.skipped()).length,
      labelFields: [tokenLabels],
      items: await texts.toArray(),
      settings: JSON.stringify({ maskProbability }),
      async encode(chunk) {
        const encodings = await tokenizer.encode(
          chunk.map(({ text }) => text),
          { truncation: true, maxLength, ...(signal ? { signal } : {}) },
        );
        return encodings.flatMap((encoding, index) =>
          [encoding, ...encoding.overflowing].map(({ ids, typeIds, specialTokensMask }) => {
            specials.push(Uint8Array.from(specialTokensMask));
            return { ids, typeIds, truncated: false, labels: {}, row: chunk[index]!.row };
          }),
        );
      },
      transform(examples, indices, draw) {
        const rows = examples.map(({ ids }, row) => ({
          index: indices[row]!,
          ids,
          isSpecial: specials[indices[row]!]!,
        }));
        const masked = maskRows(rows, { maskProbability, maskTokenId, vocabularySize }, draw);
        return examples.map((example, row) => {
          const { ids, labels } = masked[row]!;
          return { ...example, ids, labels: { labels } };
        });
      },
    },
    options,
  );
}
