import type { BatchShape, BatchTypes, Scope, Task, Values } from '@attune/core';

export interface ForwardOptions {
  /** Outputs of a classification head. */
  readonly labels: number;
  /** Adds `hiddenStates.<i>` to the outputs. */
  readonly outputHiddenStates?: boolean;
  /** Adds `poolerOutput` to the outputs of feature extraction. */
  readonly outputPooler?: boolean;
}

/** The batch field of the tokens that a masked language model scores. */
export const PREDICTION_POSITIONS = 'predictionPositions';

/** One model family: how its configuration is read, its forward functions, and what its files are like. */
export interface Architecture {
  readonly modelType: string;
  /** @throws AttuneError `E_CONFIG` that names the fields that are wrong */
  create(config: Readonly<Record<string, unknown>>, file: string): ArchitectureModel;
}

export interface ArchitectureModel {
  /** Width of the hidden states. */
  readonly width: number;
  readonly maxPositions: number;
  /** The batch fields that every task reads. */
  inputs(shape: BatchShape): BatchTypes;
  /** Whether its masked language model scores some tokens only, by the field `predictionPositions`. */
  readonly predictsAtPositions: boolean;
  /** The tasks that there are, with the transformers class of each for `architectures` in config.json. */
  readonly classNames: Readonly<Partial<Record<Task, string>>>;
  /**
   * What a task adds to the encoder, as prefixes of parameter names. A file has all of a prefix, or nothing of it: then
   * it begins anew.
   */
  readonly heads: Readonly<Partial<Record<Task, readonly string[]>>>;
  /** Of these, the prefix of the layer whose outputs are the classes. */
  readonly classifier: string;
  /** What config.json says about the shapes of weights, to be compared before anything is made of them. */
  readonly sizes: readonly SizeRule[];
  /** Names under which files may also hold a parameter. */
  aliases(name: string): readonly string[];
  /** Whether a tensor of a file may be left alone by a task (buffers, heads of other tasks). */
  mayBeUnused(name: string, task: Task): boolean;
  /**
   * Whether a tensor of this name would be a part of what the model computes; what is not, such as the weight of a loss,
   * is left alone with a warning.
   */
  owns(name: string): boolean;
  /**
   * The name under which a tensor that the forward function does not read is saved again, because the task's
   * transformers class has it; undefined for those that are dropped.
   */
  carriedAs(name: string, task: Task): string | undefined;
  forward(task: Task, options: ForwardOptions): (scope: Scope, inputs: Values) => Values;
}

/** A field of config.json that a file's tensors show as well. */
export interface SizeRule {
  readonly field: string;
  readonly expected: number;
  /** What the file's tensors say, undefined where they do not. */
  found(shapes: ReadonlyMap<string, readonly number[]>): number | undefined;
}
