/** Text classification: texts and labels become tokenized data sets. */
import { AttuneError } from '@attune/ir';
import { type EncodedDataset, type EncodeOptions, encodeExamples } from './encode-examples.js';
import type { LabelMap } from './label-map.js';
import { LabelFault, labelRows } from './labelled-rows.js';
import { splitLabels, type TextDataset, type TextExample } from './text-examples.js';
import { classLabel, type LabelField, type LabelFields } from './tokenized.js';

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
  options: EncodeOptions,
): Promise<EncodedDataset> {
  return encode(texts, tokenizer, options, [classLabel], (example) => {
    const id = labels.id(requireLabel(texts, example));
    return id instanceof LabelFault ? id : { labels: id };
  });
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
      const hint = 'Regression needs a number in the label column of every row.';
      return new LabelFault(label, `has the label "${label}", which is no number`, hint);
    }
    return { labels: [number] };
  });
}

/** Texts with any number of classes each: their `labels`, or their label separated by `separator`. */
export function encodeMultiLabel(
  texts: TextDataset,
  tokenizer: TextEncoder,
  labels: LabelMap,
  { separator = ',', ...options }: EncodeOptions & { readonly separator?: string },
): Promise<EncodedDataset> {
  const field: LabelField = { name: 'labels', dtype: 'f32', per: labels.names.length, filler: Number.NaN };
  return encode(texts, tokenizer, options, [field], (example) => {
    const ids = labels.ids(example.labels ?? splitLabels(requireLabel(texts, example), separator));
    if (ids instanceof LabelFault) return ids;
    return { labels: labels.names.map((_, id) => (ids.includes(id) ? 1 : 0)) };
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
  options: EncodeOptions,
  labelFields: readonly LabelField[],
  labelsOf: (example: TextExample) => LabelFields | LabelFault,
): Promise<EncodedDataset> {
  return encodeExamples(
    {
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      labelFields,
      ...(await labelRows(texts, labelsOf)),
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

/** Warns where texts of the evaluation data also occur in the training data. */
export async function leakageWarnings(train: TextDataset, evaluation: TextDataset): Promise<string[]> {
  return sharedRowWarnings(train, evaluation, ({ text, textPair }) => `${text}\u0000${textPair ?? ''}`);
}

/** Warns where examples of the evaluation data, told by a key, also occur in the training data. */
export async function sharedRowWarnings<Example>(
  train: AsyncIterable<Example> & { readonly name: string },
  evaluation: AsyncIterable<Example> & { readonly name: string },
  keyOf: (example: Example) => string,
): Promise<string[]> {
  const known = new Set<string>();
  for await (const example of train) known.add(keyOf(example));
  let shared = 0;
  let total = 0;
  for await (const example of evaluation) {
    total++;
    if (known.has(keyOf(example))) shared++;
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
