import type { BatchShape, BatchTypes, Initializer, LayerDepths, Scope, Values } from '@attune/core';
import type { Value } from '@attune/ir';

export interface HiddenStates {
  /** [batch, tokens, width]: of the embeddings, then of each layer. */
  readonly layers: readonly Value[];
  readonly last: Value;
  /** Cache or state with these tokens, if the inputs hold such. */
  readonly carried?: Values;
}

/** A model family as the heads of tasks see it: from tokens to hidden states. */
export interface Encoder {
  readonly modelType: string;
  /** Width of the hidden states. */
  readonly width: number;
  readonly maxPositions: number;
  /** The batch fields that it reads. */
  inputs(shape: BatchShape): BatchTypes;
  /** As `Model.optionalInputs`. */
  readonly optionalInputs?: readonly string[];
  /** What its parameters lie below if a head stands beside it: `bert`; empty for nothing. */
  readonly prefix: string;
  /** Which other tokens a token's state depends on. */
  readonly sees: 'nothing' | 'earlier' | 'all';
  /** As `Model.adapterTargets`. */
  readonly adapterTargets?: readonly string[];
  /** As `Model.depths`. */
  readonly depths?: LayerDepths;
  /** How the weights of a head start. */
  readonly initializer: Initializer;
  readonly classifierDropout: number;
  /** What transformers calls the layer over the labels. */
  readonly classifier: { readonly name: string; readonly bias: boolean };
  /** The layer over the labels of tokens, if it is another. */
  readonly tokenClassifier?: { readonly name: string; readonly bias: boolean; readonly dropout: number };
  /** Its own classifier of texts, in place of a linear layer over `textState`. */
  readonly textClassifier?: TextClassifier;
  states(scope: Scope, inputs: Values): HiddenStates;
  /** As `Model.cache`, of a decoder. */
  cache?(shape: BatchShape): BatchTypes;
  /** As `Model.windowLength` and `Model.state`, of a recurrent one. */
  readonly windowLength?: number;
  state?(shape: Pick<BatchShape, 'batch'>): BatchTypes;
  /** The mean of states over the tokens that count: [batch, width]. */
  mean(states: Value, inputs: Values): Value;
  /** What a classifier of texts reads: [batch, width]. */
  textState(scope: Scope, states: Value, inputs: Values): Value;
  /** Prefixes, with their dots, of the parameters of `textState`, which files of bare encoders may lack. */
  readonly textStatePrefixes: readonly string[];
  /** How it scores all tokens of its vocabulary; absent if it cannot. */
  readonly vocabulary?: VocabularyHead;
}

/** A family's own head of sequence classification. */
export interface TextClassifier {
  /** Prefixes of its parameters, with their dots; the last is that of the layer whose outputs are the labels. */
  readonly prefixes: readonly [...string[], string];
  /** The modules that it consists of. */
  readonly modules: readonly string[];
  /** [batch, labels]. @param scope the model's root */
  logits(scope: Scope, states: Value, inputs: Values, labels: number): Value;
}

/** A family's own head of language modelling. */
export interface VocabularyHead {
  /** Prefixes of its parameters, with their dots. */
  readonly prefixes: readonly string[];
  /** The modules that it consists of, by transformers' names. */
  readonly modules: readonly string[];
  /** Those of them that train beside an adapter: what is tied to the embeddings is no module of its own. */
  readonly adapterModules: readonly string[];
  /** Dropout of the states that it scores; absent if it has none. @param scope the model's root */
  dropout?(scope: Scope, states: Value): Value;
  /** Scores of all tokens, [batch, tokens, vocabulary]. @param scope the model's root */
  scores(scope: Scope, states: Value): Value;
}

/** Where the encoder's parameters lie. */
export const encoderScope = (scope: Scope, { prefix }: Encoder): Scope => (prefix === '' ? scope : scope.child(prefix));
