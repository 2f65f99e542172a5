/** What the Trainer takes for data: batches of tokens, or examples that the model's task makes batches of. */
import { AttuneError } from '@attune/ir';
import type { TokenizedDataset } from './dataset.js';

/** Examples that have no tokens yet, such as the files of @attune/data. */
export interface ExampleSource extends AsyncIterable<unknown> {
  /** How messages call it. */
  readonly name: string;
  /** What its examples are, such as `texts`: a task says which kind it learns from. */
  readonly kind: string;
}

/** How encoding is watched and ended. */
export interface EncodingWatch {
  readonly signal?: AbortSignal | undefined;
  /** Called every thousand examples and at the end. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface EncodedExamples {
  readonly dataset: TokenizedDataset;
  /** For instance that many texts were cut. */
  readonly warnings: readonly string[];
}

/** A model that makes batches of examples; the task models of @attune/models do. */
export interface EncodingModel {
  /**
   * Reads the examples and looks at their labels, so that what is wrong there is found before anything is tokenized.
   * @throws AttuneError as `encode`, but for what only tokenizing finds
   */
  check?(examples: ExampleSource): Promise<void>;
  /** @throws AttuneError as reading and tokenizing do, `E_CONFIG` for examples that the task does not learn from */
  encode?(examples: ExampleSource, watch?: EncodingWatch): Promise<EncodedExamples>;
}

export type TrainingData = TokenizedDataset | ExampleSource;

export const isEncoded = (data: TrainingData): data is TokenizedDataset => 'batches' in data;

/** The data as batches. @throws AttuneError as `EncodingModel.encode`, `E_CONFIG` for a model that cannot encode */
export async function encodedData(
  data: TrainingData,
  model: EncodingModel,
  watch: EncodingWatch = {},
): Promise<EncodedExamples> {
  if (isEncoded(data)) return { dataset: data, warnings: [] };
  if (model.encode) return model.encode(data, watch);
  throw new AttuneError('E_CONFIG', `${data.name} cannot be encoded: the model has no tokenizer.`, {
    field: 'model',
    hint: 'Load it by its task, for instance with sequenceClassification, or encode the data yourself.',
  });
}
