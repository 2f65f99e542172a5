/** Masked language modelling: texts become rows of tokens of which some are masked anew in each epoch. */
import { IGNORED_LABEL } from '@attune/core';
import type { Encoding, Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { type EncodedDataset, type EncodeOptions, encodeExamples } from './encode-examples.js';
import { type MaskingOptions, maskTokens } from './masking.js';
import { type PackedRow, packEncodings } from './packing.js';
import type { TextDataset } from './text-examples.js';
import { type LabelField, type LabelFields, tokenLabels } from './tokenized.js';

/** The part of a tokenizer that masking needs; @attune/hub's Tokenizer has it. */
export type MaskingTokenizer = Pick<Tokenizer, 'encode' | 'maskTokenId' | 'name' | 'padTokenId' | 'vocabularySize'>;

export interface MaskedLanguageModelingOptions
  extends EncodeOptions,
    Omit<MaskingOptions, 'maskTokenId' | 'vocabularySize'> {
  /** Whether texts share rows, so that all rows but the last of every thousand texts are full; false by default. */
  readonly packed?: boolean;
  /**
   * Targets per row for a model that was made with `predictAtPositions`: batches have `predictionPositions` and `labels`,
   * i32 [batch, predictions]. Chosen tokens beyond that number are hidden but not asked for. Absent: all tokens have a label.
   */
  readonly predictions?: number;
}

/**
 * Texts in rows of at most `maxLength` tokens, whose words are hidden at random; a longer text goes on in the next row.
 * `labels` i32 [batch, tokens] hold the original ids of what was chosen. Masks are drawn when a batch is made, as a
 * function of seed, epoch, example and position; evaluation, which has no epoch, sees the same ones every time.
 * @throws AttuneError `E_TOKENIZER` for a tokenizer without a mask token, `E_CONFIG`, and what the tokenizer throws
 */
export async function encodeMaskedLanguageModeling(
  texts: TextDataset,
  tokenizer: MaskingTokenizer,
  {
    probability,
    wholeWords,
    maskShare,
    randomShare,
    packed = false,
    predictions,
    ...options
  }: MaskedLanguageModelingOptions,
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
  checkPredictions(predictions);
  const { maxLength, signal } = options;
  const words: (readonly (number | null)[])[] = [];
  return encodeExamples(
    {
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      skippedRows: (await texts.skipped()).length,
      labelFields: predictions === undefined ? [tokenLabels] : targetFields(predictions),
      items: await texts.toArray(),
      settings: JSON.stringify({ ...masking, ...(predictions === undefined ? {} : { predictions }) }),
      async encode(chunk) {
        const encodings = await tokenizer.encode(
          chunk.map(({ text }) => text),
          { ...(packed ? {} : { truncation: true, maxLength }), ...(signal ? { signal } : {}) },
        );
        const rows = packed ? packEncodings(encodings, maxLength) : windowsOf(encodings);
        return rows.map(({ ids, typeIds, wordIds, first }) => {
          words.push(wordIds);
          return { ids, typeIds, truncated: false, labels: {}, row: chunk[first]!.row };
        });
      },
      transform: (examples, indices, { seed, epoch }) =>
        examples.map((example, row) => {
          const index = indices[row]!;
          const { ids, labels } = maskTokens(example.ids, words[index]!, masking, { seed, epoch, index });
          return { ...example, ids, labels: predictions === undefined ? { labels } : targetsOf(labels, predictions) };
        }),
    },
    options,
  );
}

/** Each text by itself, a longer one in several rows. */
const windowsOf = (encodings: readonly Encoding[]): readonly PackedRow[] =>
  encodings.flatMap((encoding, first) =>
    [encoding, ...encoding.overflowing].map(({ ids, typeIds, wordIds }) => ({ ids, typeIds, wordIds, first })),
  );

const targetFields = (predictions: number): readonly LabelField[] => [
  { name: 'labels', dtype: 'i32', per: predictions, filler: IGNORED_LABEL },
  { name: 'predictionPositions', dtype: 'i32', per: predictions, filler: 0 },
];

/** The labels that count, with their places. */
function targetsOf(labels: readonly number[], predictions: number): LabelFields {
  const positions = labels.flatMap((label, position) => (label === IGNORED_LABEL ? [] : [position]));
  const kept = positions.slice(0, predictions);
  return { labels: kept.map((position) => labels[position]!), predictionPositions: kept };
}

function checkPredictions(predictions: number | undefined): void {
  if (predictions === undefined || (Number.isInteger(predictions) && predictions > 0)) return;
  throw new AttuneError('E_CONFIG', `predictions is ${predictions}; a whole number from 1 is needed.`, {
    field: 'predictions',
  });
}
