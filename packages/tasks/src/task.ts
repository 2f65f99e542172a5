import type { Scope, Values } from '@attune/core';
import type { Encoder } from './encoder.js';

/** What a model is asked to do, as a value. Nothing outside a task's file asks which task it is. */
export interface Task {
  readonly name: string;
  /** Tokens kept of each text if neither the user nor the model says more. */
  readonly defaultLength: number;
  /** How transformers' class for it ends: `BertForSequenceClassification`. */
  readonly classSuffix: string;
  /** PEFT's name of it; null if it has none. */
  readonly peftTaskType: string | null;
  /** The modules, by transformers' names, whose rows are classes or numbers that config.json names; empty without labels. */
  readonly labelModules: readonly string[];
  /** Whether config.json says by `problem_type` what the labels are. */
  readonly hasProblemType: boolean;
  /** What it puts on an encoder; undefined if that encoder cannot serve it. */
  headOn(encoder: Encoder): Head | undefined;
}

export interface HeadOptions {
  /** Outputs of a classifier. */
  readonly labels: number;
  /** Adds `hiddenStates.<i>` to the outputs. */
  readonly outputHiddenStates: boolean;
  /** Adds `poolerOutput` to the outputs of feature extraction. */
  readonly outputPooler: boolean;
}

export interface Head {
  /** Prefixes, with their dots, of its parameters. A file has all of a prefix, or nothing of it: then it is made. */
  readonly prefixes: readonly string[];
  /** The modules that it consists of, by the names that transformers' models give them. */
  readonly modules: readonly string[];
  /** The modules that train beside an adapter and are saved with it; `modules` by default. */
  readonly adapterModules?: readonly string[];
  /** Of the prefixes, that of the layer whose outputs are the labels. */
  readonly classifier?: string;
  /** Batch fields, i32 [batch, tokens], that it reads if the model is made for them. */
  readonly optionalInputs?: readonly string[];
  /** Whether the rows of a batch may go on in the next one: the state of a recurrent encoder is then carried. */
  readonly carriesState?: boolean;
  /** What transformers' class of the task has of the family beyond its hidden states. */
  readonly keeps?: readonly ('textState' | 'vocabulary')[];
  /** @param scope the model's root */
  forward(scope: Scope, inputs: Values, options: HeadOptions): Values;
}
