/**
 * LSTMs in both directions, with the parameter names of torch.nn.LSTM. A text is each unit's maximum over its words (Conneau
 * et al. 2017, arXiv 1705.02364, BiLSTM-max).
 */
import {
  attendedTokens,
  lockedDropout,
  lstmLayer,
  maxPooling,
  meanPooling,
  namedValue,
  type Scope,
  tokenFields,
  type Values,
} from '@attune/core';
import { concat, type Value } from '@attune/ir';
import type { Encoder, HiddenStates } from '@attune/tasks';
import { layerDepths } from '../layer-depths.js';
import { MAX_WORDS, wordVectors } from '../word-embeddings.js';
import type { BilstmConfig } from './config.js';

export function bilstmEncoder(config: BilstmConfig): Encoder {
  const width = 2 * config.hidden_size;
  const mask = (inputs: Values) => namedValue(inputs, 'attentionMask');
  return {
    modelType: 'bilstm',
    width,
    maxPositions: MAX_WORDS,
    inputs: tokenFields('inputIds', 'attentionMask'),
    prefix: '',
    sees: 'all',
    depths: layerDepths(config.num_layers, /^embeddings(?:\.|$)/, /^lstm\..*_l(\d+)(?:_reverse)?$/),
    classifier: { name: 'classifier', bias: true },
    initializer: { kind: 'uniform', bound: width ** -0.5 },
    classifierDropout: config.classifier_dropout,
    states: (scope, inputs) => statesOf(scope, config, inputs),
    mean: (states, inputs) => meanPooling(states, mask(inputs)),
    textState: (_, states, inputs) => maxPooling(states, mask(inputs)),
    textStatePrefixes: [],
  };
}

function statesOf(scope: Scope, config: BilstmConfig, inputs: Values): HiddenStates {
  const mask = attendedTokens(inputs);
  const vectors = wordVectors(scope, inputs, config);
  const layers: [Value, ...Value[]] = [vectors];
  let last = lockedDropout(scope, vectors, config.embedding_dropout, 'embedding_dropout');
  for (let layer = 0; layer < config.num_layers; layer++) {
    const x = last;
    const [there, back] = [false, true].map(
      (backward) => lstmLayer(scope.child('lstm'), x, { size: config.hidden_size, mask, layer, backward }).outputs,
    ) as [Value, Value];
    last = concat([there, back], 2);
    layers.push(last);
  }
  return { layers, last };
}
