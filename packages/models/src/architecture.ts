import type { Task, Values, Scope } from '@attune/core';

export interface ForwardOptions {
  /** Outputs of a classification head. */
  readonly labels: number;
  /** Adds `hiddenStates.<i>` to the outputs. */
  readonly outputHiddenStates?: boolean;
  /** Adds `poolerOutput` to the outputs of feature extraction. */
  readonly outputPooler?: boolean;
}

/** One model family: how its configuration is read, its forward functions, and what its files are like. */
export interface Architecture {
  readonly modelType: string;
  /** @throws AttuneError `E_CONFIG` that names the fields that are wrong */
  create(config: Readonly<Record<string, unknown>>, file: string): ArchitectureModel;
}

export interface ArchitectureModel {
  readonly maxPositions: number;
  readonly inputNames: readonly string[];
  /** The transformers class of each task, for `architectures` in config.json. */
  readonly classNames: Readonly<Record<Task, string>>;
  /** Parameters that begin with one of these may be new: the task heads. */
  readonly headPrefixes: readonly string[];
  /** Names under which files may also hold a parameter. */
  aliases(name: string): readonly string[];
  /** Whether a tensor of a file may be left alone (buffers, heads of other tasks). */
  mayBeUnused(name: string): boolean;
  forward(task: Task, options: ForwardOptions): (scope: Scope, inputs: Values) => Values;
}
