/** Texts in, answers out: what a model's task makes of an input, and of the model's outputs for it. */
import type { TokenizedDataset } from '../dataset.js';
import { padRows, type TokenRow } from '../token-rows.js';

/** A row of each output, by its name: padding included. */
export type RowOutputs = Readonly<Record<string, Float32Array>>;

/** `Input` is a text but for tasks that need more, such as a question and its context. */
export interface TextTask<Answer, Input = string> {
  /** The model's outputs that answer. */
  readonly outputNames: readonly string[];
  readonly padTokenId: number;
  /** No row is longer. */
  readonly maxLength: number;
  /** @throws AttuneError as tokenizers do, and for an input that the task cannot answer */
  encode(inputs: readonly Input[]): Promise<readonly EncodedInput<Answer>[]>;
}

export interface EncodedInput<Answer> {
  /** What the model reads: one row, or one for each window over a long text. */
  readonly rows: readonly TokenRow[];
  /** @param outputs of each row */
  answer(outputs: readonly RowOutputs[]): Answer;
}

/** Rows as a data set of batches of one, padded to a multiple of 16 tokens: texts of any length share a few programs. */
export function rowDataset(
  rows: readonly TokenRow[],
  { padTokenId, maxLength }: Pick<TextTask<unknown, never>, 'padTokenId' | 'maxLength'>,
): TokenizedDataset {
  const batches = rows.map((row, index) => () => ({
    tensors: padRows([row], {
      length: Math.min(Math.ceil(row.ids.length / 16) * 16, maxLength),
      batchSize: 1,
      padTokenId,
    }),
    rows: [1],
    indices: [index],
    tokens: row.ids.length,
  }));
  return { length: rows.length, fingerprint: '', batches: () => batches };
}
