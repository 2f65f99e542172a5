/** Text classification: texts and labels become tokenized data sets. */
import type { TokenizedDataset } from '@attune/core';
import { AttuneError } from '@attune/ir';
import type { BucketOptions } from './buckets.js';
import type { LabelMap } from './label-map.js';
import type { TextDataset, TextExample } from './text-examples.js';
import { classLabel, type EncodedExample, type LabelField, type LabelFields, tokenizedDataset } from './tokenized.js';

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

/** Texts with one class each; labels become class ids. @throws AttuneError `E_DATA_LABELS` for an unknown label. */
export function encodeClassification(
  texts: TextDataset,
  tokenizer: TextEncoder,
  labels: LabelMap,
  options: EncodeOptions,
): Promise<EncodedDataset> {
  return encode(texts, tokenizer, options, [classLabel], (example) => ({
    labels: labels.id(requireLabel(texts, example), texts.name, example.row),
  }));
}

/** Texts with a number each. Rows that fill up a batch hold NaN, which the regression objective leaves out. */
export function encodeRegression(
  texts: TextDataset,
  tokenizer: TextEncoder,
  options: EncodeOptions,
): Promise<EncodedDataset> {
  const field: LabelField = { name: 'labels', dtype: 'f32', per: 1, filler: Number.NaN };
  return encode(texts, tokenizer, options, [field], (example) => {
    const label = requireLabel(texts, example);
    const number = Number(label);
    if (label === '' || !Number.isFinite(number)) {
      throw new AttuneError(
        'E_DATA_LABELS',
        `${texts.name}:${example.row} has the label "${label}", which is no number.`,
        {
          file: texts.name,
          field: label,
        },
      );
    }
    return { labels: [number] };
  });
}

/** Texts with any number of classes each, separated by `separator` in the label column. */
export function encodeMultiLabel(
  texts: TextDataset,
  tokenizer: TextEncoder,
  labels: LabelMap,
  { separator = ',', ...options }: EncodeOptions & { readonly separator?: string },
): Promise<EncodedDataset> {
  const field: LabelField = { name: 'labels', dtype: 'f32', per: labels.names.length, filler: Number.NaN };
  return encode(texts, tokenizer, options, [field], (example) => {
    const vector = labels.names.map(() => 0);
    for (const label of requireLabel(texts, example).split(separator)) {
      if (label.trim() !== '') vector[labels.id(label.trim(), texts.name, example.row)] = 1;
    }
    return { labels: vector };
  });
}

/** Texts without labels, for prediction. */
export function encodeTexts(
  texts: TextDataset,
  tokenizer: TextEncoder,
  options: EncodeOptions,
): Promise<EncodedDataset> {
  return encode(texts, tokenizer, options, [], () => ({}));
}

async function encode(
  texts: TextDataset,
  tokenizer: TextEncoder,
  { maxLength, signal, onProgress, ...buckets }: EncodeOptions,
  labelFields: readonly LabelField[],
  labelsOf: (example: TextExample) => LabelFields,
): Promise<EncodedDataset> {
  const source = await texts.toArray();
  const examples: EncodedExample[] = [];
  for (let start = 0; start < source.length; start += 1000) {
    if (start > 0) {
      onProgress?.(start, source.length);
      await new Promise((resolve) => setTimeout(resolve));
    }
    signal?.throwIfAborted();
    const chunk = source.slice(start, start + 1000);
    const encodings = await encodeChunk(chunk, tokenizer, maxLength);
    for (const [index, { ids, typeIds, truncated }] of encodings.entries()) {
      const example = chunk[index]!;
      examples.push({ ids, typeIds, truncated, labels: labelsOf(example), row: example.row });
    }
  }
  onProgress?.(source.length, source.length);
  return {
    dataset: tokenizedDataset(examples, {
      ...buckets,
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      labelFields,
      maxLength,
    }),
    examples,
    warnings: truncationWarnings(texts.name, examples, maxLength),
  };
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

/** Warns where more than a fifth of the texts were cut. */
export function truncationWarnings(name: string, examples: readonly EncodedExample[], maxLength: number): string[] {
  const truncated = examples.filter((example) => example.truncated).length;
  if (truncated <= examples.length / 5) return [];
  return [`${truncated} of ${examples.length} texts of ${name} are longer than ${maxLength} tokens and were cut.`];
}

/** Warns where texts of the evaluation data also occur in the training data. */
export async function leakageWarnings(train: TextDataset, evaluation: TextDataset): Promise<string[]> {
  const known = new Set<string>();
  for await (const { text, textPair } of train) known.add(`${text}\u0000${textPair ?? ''}`);
  let shared = 0;
  let total = 0;
  for await (const { text, textPair } of evaluation) {
    total++;
    if (known.has(`${text}\u0000${textPair ?? ''}`)) shared++;
  }
  return shared === 0 ? [] : [`${shared} of ${total} rows of ${evaluation.name} also occur in ${train.name}.`];
}

function requireLabel(texts: TextDataset, { label, row }: TextExample): string {
  if (label !== undefined) return label;
  throw new AttuneError('E_DATA_LABELS', `${texts.name}:${row} has no label.`, {
    file: texts.name,
    hint: 'Name the label column.',
  });
}
