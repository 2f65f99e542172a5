/** What the Trainer takes for data: batches of tokens, or examples that a model's tokenizer still has to encode. */
import type { Tokenizer } from '@attune/hub';
import type { TokenizedDataset } from './dataset.js';
import type { Model } from './model.js';

/** What encoding examples needs to know of a model; the task models of @attune/models have all of it. */
export interface EncodingModel {
  readonly model: Pick<Model, 'task'>;
  readonly tokenizer?: Tokenizer;
  /** Tokens kept of each text. */
  readonly maxLength?: number;
  /** Names of the classes or tags, by id. */
  readonly labels?: readonly string[];
  /** Of sequence classification, in transformers' words. */
  readonly problemType?: string | undefined;
  /** Tokens that neighbouring windows over one text share, of question answering. */
  readonly stride?: number;
}

/** Examples that have no tokens yet, such as the files of @attune/data. */
export interface ExampleSource {
  /**
   * Reads the examples and looks at their labels, so that what is wrong there is found before anything is tokenized.
   * @throws AttuneError as `encodedFor`, but for what only tokenizing finds
   */
  checkFor(model: EncodingModel): Promise<void>;
  /** @throws AttuneError as reading and tokenizing do, `E_CONFIG` for a model that learns from something else */
  encodedFor(model: EncodingModel, signal?: AbortSignal): Promise<EncodedExamples>;
}

export interface EncodedExamples {
  readonly dataset: TokenizedDataset;
  /** For instance that many texts were cut. */
  readonly warnings: readonly string[];
}

export type TrainingData = TokenizedDataset | ExampleSource;

/** The data as batches. @throws AttuneError as `encodedFor` */
export async function encodedData(
  data: TrainingData,
  model: EncodingModel,
  signal?: AbortSignal,
): Promise<EncodedExamples> {
  return 'encodedFor' in data ? data.encodedFor(model, signal) : { dataset: data, warnings: [] };
}
