/** Texts with labels of some kind become tokenized data sets. */
import { type EncodedDataset, type EncodingOptions, encodeExamples } from './encode-examples.js';
import type { LabelMap } from './label-map.js';
import type { TextExample } from './text-example.js';
import type { TextDataset } from './text-examples.js';
import { classLabels, labelTexts, noLabels, severalLabels, type TextLabels } from './text-labels.js';

/** The part of a tokenizer that data needs; @attune/hub's Tokenizer has it. */
export interface TextEncoder {
  readonly padTokenId: number;
  /** Ids of one text or a pair with its special tokens, cut to `maxLength`. */
  encodeText(text: string, pair: string | undefined, maxLength: number): TextEncoding;
  /** False where only `encode` serves. */
  readonly isInline?: boolean;
  /** Many texts at once. */
  encode?(
    texts: readonly { readonly text: string; readonly textPair?: string | undefined }[],
    options: { readonly truncation: true; readonly maxLength: number },
  ): Promise<readonly TextEncoding[]>;
}

export interface TextEncoding {
  readonly ids: readonly number[];
  readonly typeIds: readonly number[];
  readonly truncated: boolean;
}

/**
 * Texts with one class each; labels become class ids.
 * @throws AttuneError `E_DATA_LABELS` that lists the rows with unknown labels, unless bad rows are skipped
 */
export function encodeClassification(
  texts: TextDataset,
  tokenizer: TextEncoder,
  labels: LabelMap,
  options: EncodingOptions,
): Promise<EncodedDataset> {
  return encodeLabelled(texts, tokenizer, classLabels(labels), options);
}

/**
 * Texts with numbers, as many each.
 * @param options `names` of the numbers that the model gives; as many as most texts have by default
 * @throws AttuneError `E_DATA_LABELS` for another count and for what is no number, unless bad rows are skipped
 */
export async function encodeRegression(
  texts: TextDataset,
  tokenizer: TextEncoder,
  { names, ...options }: EncodingOptions & { readonly names?: readonly string[] },
): Promise<EncodedDataset> {
  return encodeLabelled(texts, tokenizer, await regressionLabels(texts, names), options);
}

/** Numbers as labels; see `encodeRegression`. */
export async function regressionLabels(texts: TextDataset, names?: readonly string[]): Promise<TextLabels> {
  return (await import('./number-labels.js')).numberLabels(texts, names);
}

/** Texts with any number of classes each: their `labels`, or their label separated by `separator`. */
export function encodeMultiLabel(
  texts: TextDataset,
  tokenizer: TextEncoder,
  labels: LabelMap,
  { separator, ...options }: EncodingOptions & { readonly separator?: string },
): Promise<EncodedDataset> {
  return encodeLabelled(texts, tokenizer, severalLabels(labels, separator), options);
}

/** Texts without labels, for prediction. */
export function encodeTexts(
  texts: TextDataset,
  tokenizer: TextEncoder,
  options: EncodingOptions,
): Promise<EncodedDataset> {
  return encodeLabelled(texts, tokenizer, noLabels, options);
}

/** Texts with labels of some kind. @throws AttuneError `E_DATA_LABELS`, and what the tokenizer throws */
export async function encodeLabelled(
  texts: TextDataset,
  tokenizer: TextEncoder,
  labels: TextLabels,
  options: EncodingOptions,
): Promise<EncodedDataset> {
  const labelled = await labelTexts(texts, labels);
  return encodeExamples(
    {
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      labelFields: labels.fields,
      warnings: labels.warnings?.(texts.name, labelled.items) ?? [],
      ...labelled,
      async encode(chunk) {
        const chosen = chunk.map(({ example }) => example);
        const encodings = await encodeChunk(chosen, tokenizer, options.maxLength);
        return encodings.map(({ ids, typeIds, truncated }, index) => {
          const { example, labels } = chunk[index]!;
          return { ids, typeIds, truncated, labels, row: example.row };
        });
      },
    },
    options,
  );
}

async function encodeChunk(
  chunk: readonly TextExample[],
  tokenizer: TextEncoder,
  maxLength: number,
): Promise<readonly TextEncoding[]> {
  if (tokenizer.encode && tokenizer.isInline === false) {
    return tokenizer.encode(chunk, { truncation: true, maxLength });
  }
  return chunk.map(({ text, textPair }) => tokenizer.encodeText(text, textPair, maxLength));
}
