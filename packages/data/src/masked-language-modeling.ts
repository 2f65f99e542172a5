/** Masked language modelling: texts become rows of tokens of which some are masked anew in each epoch. */
import type { Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { type EncodedDataset, type EncodeOptions, encodeExamples } from './encode-examples.js';
import { type MaskingOptions, maskTokens } from './masking.js';
import type { TextDataset } from './text-examples.js';
import { tokenLabels } from './tokenized.js';

/** The part of a tokenizer that masking needs; @attune/hub's Tokenizer has it. */
export type MaskingTokenizer = Pick<Tokenizer, 'encode' | 'maskTokenId' | 'name' | 'padTokenId' | 'vocabularySize'>;

export interface MaskedLanguageModelingOptions
  extends EncodeOptions,
    Omit<MaskingOptions, 'maskTokenId' | 'vocabularySize'> {}

/**
 * Texts in rows of at most `maxLength` tokens, whose words are hidden at random; a longer text goes on in the next row.
 * `labels` i32 [batch, tokens] hold the original ids of what was chosen. Masks are drawn when a batch is made, as a
 * function of seed, epoch, example and position; evaluation, which has no epoch, sees the same ones every time.
 * @throws AttuneError `E_TOKENIZER` for a tokenizer without a mask token, `E_CONFIG`, and what the tokenizer throws
 */
export async function encodeMaskedLanguageModeling(
  texts: TextDataset,
  tokenizer: MaskingTokenizer,
  { probability, wholeWords, maskShare, randomShare, ...options }: MaskedLanguageModelingOptions,
): Promise<EncodedDataset> {
  const { maskTokenId, vocabularySize } = tokenizer;
  if (maskTokenId === undefined) {
    throw new AttuneError('E_TOKENIZER', `${tokenizer.name} has no mask token; masked language modelling needs one.`, {
      file: tokenizer.name,
      field: 'mask_token',
      hint: 'Take a model that was pretrained with masks, such as BERT.',
    });
  }
  const masking: MaskingOptions = {
    maskTokenId,
    vocabularySize,
    ...(probability === undefined ? {} : { probability }),
    ...(wholeWords === undefined ? {} : { wholeWords }),
    ...(maskShare === undefined ? {} : { maskShare }),
    ...(randomShare === undefined ? {} : { randomShare }),
  };
  maskTokens([], [], masking, { seed: 0, epoch: 0, index: 0 });
  const { maxLength, signal } = options;
  const words: (readonly (number | null)[])[] = [];
  return encodeExamples(
    {
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      skippedRows: (await texts.skipped()).length,
      labelFields: [tokenLabels],
      items: await texts.toArray(),
      settings: JSON.stringify(masking),
      async encode(chunk) {
        const encodings = await tokenizer.encode(
          chunk.map(({ text }) => text),
          { truncation: true, maxLength, ...(signal ? { signal } : {}) },
        );
        return encodings.flatMap((encoding, index) =>
          [encoding, ...encoding.overflowing].map(({ ids, typeIds, wordIds }) => {
            words.push(wordIds);
            return { ids, typeIds, truncated: false, labels: {}, row: chunk[index]!.row };
          }),
        );
      },
      transform: (examples, indices, { seed, epoch }) =>
        examples.map((example, row) => {
          const index = indices[row]!;
          const { ids, labels } = maskTokens(example.ids, words[index]!, masking, { seed, epoch, index });
          return { ...example, ids, labels: { labels } };
        }),
    },
    options,
  );
}
