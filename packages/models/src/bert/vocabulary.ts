/** BERT's head of masked language modelling, with the parameter names of transformers' BertForMaskedLM. */
import { activation, layerNormLayer, linear, type Scope } from '@attune/core';
import { add, project, type Value } from '@attune/ir';
import type { VocabularyHead } from '@attune/tasks';
import type { BertConfig } from './config.js';
import { bertInitializer } from './encoder.js';

export const bertVocabulary = (config: BertConfig): VocabularyHead => ({
  prefixes: ['cls.'],
  modules: ['cls'],
  adapterModules: ['transform'],
  scores(scope, states) {
    const transform = scope.child('cls').child('predictions').child('transform');
    const initializer = bertInitializer(config);
    const dense = linear(transform, 'dense', states, config.hidden_size, { initializer });
    const hidden = layerNormLayer(transform, 'LayerNorm', activation(config.hidden_act)(dense), config.layer_norm_eps);
    return decoder(scope, config, hidden);
  },
});

/** Scores of all tokens: by the word embeddings if `tie_word_embeddings` is on, by a layer of its own otherwise. */
function decoder(scope: Scope, config: BertConfig, hidden: Value): Value {
  const predictions = scope.child('cls').child('predictions');
  if (!config.tie_word_embeddings) {
    return linear(predictions, 'decoder', hidden, config.vocab_size, { initializer: bertInitializer(config) });
  }
  const words = scope.child('bert').child('embeddings').child('word_embeddings');
  const weight = words.parameter('weight', [config.vocab_size, config.hidden_size]);
  return add(
    project(hidden, weight),
    predictions.parameter('bias', [config.vocab_size], { kind: 'constant', value: 0 }),
  );
}
