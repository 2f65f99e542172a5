/** BERT's task heads, with the parameter names of transformers' BertFor... classes. */
import {
  activation,
  layerNorm,
  linear,
  meanPooling,
  normalizeRows,
  type Scope,
  type Task,
  tokensAt,
  type Values,
} from '@attune/core';
import { AttuneError, add, project, reshape, sliceAxis, type Value } from '@attune/ir';
import type { ForwardOptions } from '../architecture.js';
import type { BertConfig } from './config.js';
import { type BertInputs, bertEncoder, bertInitializer, bertPooler } from './encoder.js';

type Head = (scope: Scope, config: BertConfig, inputs: BertInputs, options: ForwardOptions) => Values;

const bertHeads: Readonly<Record<Task, Head>> = {
  'feature-extraction'(scope, config, inputs, options) {
    const states = bertEncoder(scope, config, inputs);
    const lastHiddenState = states.at(-1)!;
    const meanPooled = meanPooling(lastHiddenState, inputs.attentionMask);
    return {
      lastHiddenState,
      meanPooled,
      normalized: normalizeRows(meanPooled),
      ...(options.outputPooler ? { poolerOutput: bertPooler(scope, config, lastHiddenState) } : {}),
      ...hiddenStates(states, options),
    };
  },
  'sequence-classification'(scope, config, inputs, options) {
    const states = bertEncoder(scope.child('bert'), config, inputs);
    const pooled = bertPooler(scope.child('bert'), config, states.at(-1)!);
    return { logits: classifier(scope, config, pooled, options), ...hiddenStates(states, options) };
  },
  'token-classification'(scope, config, inputs, options) {
    const states = bertEncoder(scope.child('bert'), config, inputs);
    return { logits: classifier(scope, config, states.at(-1)!, options), ...hiddenStates(states, options) };
  },
  'question-answering'(scope, config, inputs, options) {
    const states = bertEncoder(scope.child('bert'), config, inputs);
    const logits = linear(scope, 'qa_outputs', states.at(-1)!, 2, { initializer: bertInitializer(config) });
    const side = (index: number) => reshape(sliceAxis(logits, 2, index, index + 1), logits.type.shape.slice(0, 2));
    return { startLogits: side(0), endLogits: side(1), ...hiddenStates(states, options) };
  },
  'masked-language-modeling'(scope, config, inputs, options) {
    const states = bertEncoder(scope.child('bert'), config, inputs);
    const last = states.at(-1)!;
    const predicted = inputs.predictionPositions ? tokensAt(last, inputs.predictionPositions) : last;
    const transform = scope.child('cls').child('predictions').child('transform');
    const dense = linear(transform, 'dense', predicted, config.hidden_size, { initializer: bertInitializer(config) });
    const hidden = layerNorm(transform, 'LayerNorm', activation(config.hidden_act)(dense), config.layer_norm_eps);
    return { logits: decoder(scope, config, hidden), ...hiddenStates(states, options) };
  },
};

/** Scores of all tokens: by the word embeddings where `tie_word_embeddings` is on, by a layer of its own elsewhere. */
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

export function bertForward(task: Task, config: BertConfig, options: ForwardOptions) {
  return (scope: Scope, inputs: Values): Values => {
    const { predictionPositions } = inputs;
    const read: BertInputs = {
      inputIds: required(inputs, 'inputIds'),
      attentionMask: required(inputs, 'attentionMask'),
      tokenTypeIds: required(inputs, 'tokenTypeIds'),
      ...(predictionPositions ? { predictionPositions } : {}),
    };
    return bertHeads[task](scope, config, read, options);
  };
}

function classifier(scope: Scope, config: BertConfig, x: Value, { labels }: ForwardOptions): Value {
  const rate = config.classifier_dropout ?? config.hidden_dropout_prob;
  const dropped = scope.child('classifier').dropout(x, rate);
  return linear(scope, 'classifier', dropped, labels, { initializer: bertInitializer(config) });
}

function hiddenStates(states: readonly Value[], { outputHiddenStates = false }: ForwardOptions): Values {
  if (!outputHiddenStates) return {};
  return Object.fromEntries(states.map((state, index) => [`hiddenStates.${index}`, state]));
}

function required(inputs: Values, name: string): Value {
  const value = inputs[name];
  if (value) return value;
  throw new AttuneError('E_DATA', `BERT needs the batch field "${name}".`, { field: name });
}
