/** BERT's encoder (Devlin et al. 2018), with the parameter names of transformers' BertModel. */
import {
  activation,
  embeddingLayer,
  firstToken,
  type Initializer,
  layerNormLayer,
  linear,
  meanPooling,
  namedValue,
  paddingBias,
  type Scope,
  selfAttention,
  tokenFields,
  type Values,
} from '@attune/core';
import { AttuneError, add, iota, tanh, type Value } from '@attune/ir';
import type { Encoder, HiddenStates } from '@attune/tasks';
import { layerDepths } from '../layer-depths.js';
import type { BertConfig } from './config.js';
import { bertVocabulary } from './vocabulary.js';

export const bertEncoder = (config: BertConfig): Encoder => ({
  modelType: 'bert',
  width: config.hidden_size,
  maxPositions: config.max_position_embeddings,
  inputs: tokenFields('inputIds', 'attentionMask', 'tokenTypeIds'),
  prefix: 'bert',
  sees: 'all',
  depths: layerDepths(config.num_hidden_layers, /^(?:bert\.)?embeddings(?:\.|$)/, /^(?:bert\.)?encoder\.layer\.(\d+)/),
  classifier: { name: 'classifier', bias: true },
  initializer: bertInitializer(config),
  classifierDropout: config.classifier_dropout ?? config.hidden_dropout_prob,
  states: (scope, inputs) => bertStates(scope, config, inputs),
  mean: (states, inputs) => meanPooling(states, namedValue(inputs, 'attentionMask')),
  textState: (scope, states) => bertPooler(scope, config, states),
  textStatePrefixes: ['bert.pooler.'],
  vocabulary: bertVocabulary(config),
});

function bertStates(scope: Scope, config: BertConfig, inputs: Values): HiddenStates {
  const bias = paddingBias(namedValue(inputs, 'attentionMask'));
  const embedded = bertEmbeddings(scope.child('embeddings'), config, inputs);
  const layers = [embedded];
  let hidden = embedded;
  for (let index = 0; index < config.num_hidden_layers; index++) {
    hidden = bertLayer(scope.child('encoder').child('layer').child(index), config, hidden, bias);
    layers.push(hidden);
  }
  return { layers, last: hidden };
}

function bertEmbeddings(scope: Scope, config: BertConfig, inputs: Values): Value {
  const [inputIds, tokenTypeIds] = [namedValue(inputs, 'inputIds'), namedValue(inputs, 'tokenTypeIds')];
  const tokens = inputIds.type.shape[1]!;
  const { firstPosition } = scope;
  if (firstPosition + tokens > config.max_position_embeddings) {
    throw new AttuneError(
      'E_TOO_LONG',
      `A batch of ${firstPosition + tokens} tokens is longer than the model's ${config.max_position_embeddings} positions.`,
      { field: 'max_position_embeddings', hint: 'Choose a smaller maxLength.' },
    );
  }
  const { hidden_size: width } = config;
  const initializer = bertInitializer(config);
  const words = embeddingLayer(scope, 'word_embeddings', inputIds, [config.vocab_size, width], {
    paddingIndex: config.pad_token_id,
    initializer,
  });
  const types = embeddingLayer(scope, 'token_type_embeddings', tokenTypeIds, [config.type_vocab_size, width], {
    initializer,
  });
  const counted = iota(scope.builder, [1, tokens], 1);
  const order = firstPosition === 0 ? counted : add(counted, firstPosition);
  const positions = embeddingLayer(scope, 'position_embeddings', order, [config.max_position_embeddings, width], {
    initializer,
  });
  const normalized = layerNormLayer(scope, 'LayerNorm', add(add(words, types), positions), config.layer_norm_eps);
  return scope.dropout(normalized, config.hidden_dropout_prob);
}

function bertLayer(scope: Scope, config: BertConfig, hidden: Value, bias: Value): Value {
  const attention = scope.child('attention');
  const attended = selfAttention(attention.child('self'), hidden, {
    heads: config.num_attention_heads,
    bias,
    dropout: config.attention_probs_dropout_prob,
    initializer: bertInitializer(config),
  });
  const settled = bertOutput(attention.child('output'), config, attended, hidden, 'attention_residual');
  const widened = linear(scope.child('intermediate'), 'dense', settled, config.intermediate_size, {
    initializer: bertInitializer(config),
  });
  return bertOutput(scope.child('output'), config, activation(config.hidden_act)(widened), settled, 'mlp_residual');
}

/** Projection, dropout, residual and norm. */
function bertOutput(
  scope: Scope,
  config: BertConfig,
  x: Value,
  residual: Value,
  kind: Parameters<Scope['residual']>[0],
): Value {
  const projected = linear(scope, 'dense', x, config.hidden_size, { initializer: bertInitializer(config) });
  const output = scope.dropout(projected, config.hidden_dropout_prob);
  return scope.residual(kind, { output, residual }, (given) =>
    layerNormLayer(scope, 'LayerNorm', add(given.output, given.residual), config.layer_norm_eps),
  );
}

/** tanh of a projection of the first token: [batch, width]. */
function bertPooler(scope: Scope, config: BertConfig, hidden: Value): Value {
  const initializer = bertInitializer(config);
  return tanh(linear(scope.child('pooler'), 'dense', firstToken(hidden), config.hidden_size, { initializer }));
}

/**
 * How BERT's matrices begin in a model without files; biases begin at 0 and norms at the identity. Loading from files
 * never uses it for the encoder, whose tensors must all be there.
 */
export const bertInitializer = ({ initializer_range: standardDeviation }: BertConfig): Initializer => ({
  kind: 'normal',
  standardDeviation,
});
