import type { Value } from '@attune/ir';
import type { Scope } from './scope.js';

/** What a model is asked to do; the names are those of Hugging Face pipelines. */
export type Task =
  | 'feature-extraction'
  | 'sequence-classification'
  | 'token-classification'
  | 'question-answering'
  | 'masked-language-modeling';

/** Named values of a trace: batch fields on the way in (`inputIds`), outputs on the way out (`logits`). */
export type Values = Readonly<Record<string, Value>>;

/**
 * An architecture with a task head. `forward` is written once, in plain functions over the scope; parameters are what
 * it asks the scope for, under their Hugging Face names.
 */
export interface Model {
  /** `model_type` of the Hugging Face configuration. */
  readonly architecture: string;
  readonly task: Task;
  /** The Hugging Face configuration, as config.json holds it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Width of the hidden states, if it has any. */
  readonly width?: number;
  /** The longest input in tokens. */
  readonly maxPositions: number;
  /** Batch fields that `forward` reads; a collator makes them. */
  readonly inputNames: readonly string[];
  forward(scope: Scope, inputs: Values): Values;
}
