/** AWD-LSTM (Merity et al. 2017, arXiv 1708.02182), with the parameter names of fastai's language model. */
import {
  attendedTokens,
  type BatchShape,
  type BatchTypes,
  embeddingLayer,
  type Initializer,
  lastToken,
  linear,
  lockedDropout,
  lstmLayer,
  meanPooling,
  namedValue,
  type RecurrentState,
  type Scope,
  tokenFields,
  type Values,
} from '@attune/core';
import { add, broadcastTo, gather, mul, project, tensorType, type Value } from '@attune/ir';
import type { Encoder, HiddenStates } from '@attune/tasks';
import { layerDepths } from '../layer-depths.js';
import type { AwdLstmConfig } from './config.js';
import { poolingClassifier } from './pooling-classifier.js';

const initializer: Initializer = { kind: 'uniform', bound: 0.1 };
const zero: Initializer = { kind: 'constant', value: 0 };

/** Texts have no positions here; the number only bounds what a batch may hold. */
const MAX_POSITIONS = 1_000_000;

export function awdLstmEncoder(config: AwdLstmConfig): Encoder {
  return {
    modelType: 'awd_lstm',
    width: config.emb_sz,
    maxPositions: MAX_POSITIONS,
    inputs: tokenFields('inputIds', 'attentionMask'),
    prefix: '0',
    sees: 'earlier',
    depths: layerDepths(config.n_layers, /^(?:0\.)?encoder(?:\.|$)|^0$/, /^(?:0\.)?rnns\.(\d+)/),
    initializer,
    classifierDropout: config.classifier_p * config.dropout,
    classifier: { name: 'classifier', bias: true },
    states: (scope, inputs) => statesOf(scope, config, inputs),
    state: (shape) => stateOf(config, shape),
    windowLength: 70,
    mean: (states, inputs) => meanPooling(states, namedValue(inputs, 'attentionMask')),
    textState: (_, states, inputs) => lastToken(states, namedValue(inputs, 'attentionMask')),
    textStatePrefixes: [],
    textClassifier: poolingClassifier(config),
    vocabulary: {
      prefixes: config.out_bias || !config.tie_weights ? ['1.decoder.'] : [],
      modules: ['1.decoder'],
      adapterModules: [],
      dropout: (scope, states) =>
        lockedDropout(scope.child('1'), states, config.output_p * config.dropout, 'output_dp'),
      scores: (scope, states) => scoresOf(scope, config, states),
    },
  };
}

function statesOf(scope: Scope, config: AwdLstmConfig, inputs: Values): HiddenStates {
  const rate = (given: number) => given * config.dropout;
  const mask = attendedTokens(inputs);
  const layers = [embedded(scope, config, namedValue(inputs, 'inputIds'))];
  let x = lockedDropout(scope, layers[0]!, rate(config.input_p), 'input_dp');
  const carried: Record<string, Value> = {};
  for (const [index, size] of sizesOf(config).entries()) {
    const [hidden, cell] = stateNames(index);
    const before = inputs[hidden] && inputs[cell] && { hidden: inputs[hidden], cell: inputs[cell] };
    const cellScope = scope.child('rnns').child(index).child('module');
    const made = lstmLayer(cellScope, x, { size, state: before, mask, weightDropout: rate(config.weight_p) });
    if (before) Object.assign(carried, named(index, made.state));
    layers.push(made.outputs);
    const isLast = index === config.n_layers - 1;
    x = isLast ? made.outputs : lockedDropout(scope, made.outputs, rate(config.hidden_p), `hidden_dps.${index}`);
  }
  return { layers, last: x, carried };
}

/** Word vectors, with dropout of whole words: all places of one have the same mask. */
function embedded(scope: Scope, config: AwdLstmConfig, ids: Value): Value {
  const { vocab_size: words, emb_sz: width, pad_token: paddingIndex } = config;
  const vectors = embeddingLayer(scope, 'encoder', ids, [words, width], { paddingIndex, initializer });
  const ones = broadcastTo(ids.builder.scalar(1), [words, 1]);
  const kept = scope.dropout(ones, config.embed_p * config.dropout, 'encoder_dp');
  return kept === ones ? vectors : mul(vectors, gather(kept, ids));
}

function scoresOf(scope: Scope, config: AwdLstmConfig, states: Value): Value {
  const { vocab_size: words, emb_sz: width, out_bias: bias } = config;
  const head = scope.child('1');
  if (!config.tie_weights) return linear(head, 'decoder', states, words, { bias, initializer });
  const scores = project(states, scope.child('0').child('encoder').parameter('weight', [words, width]));
  return bias ? add(scores, head.child('decoder').parameter('bias', [words], zero)) : scores;
}

/** Units of each layer: the last one gives vectors as wide as those of words. */
const sizesOf = ({ n_layers: count, n_hid: inner, emb_sz: width }: AwdLstmConfig): readonly number[] =>
  Array.from({ length: count }, (_, index) => (index === count - 1 ? width : inner));

const stateNames = (layer: number) => [`hidden.${layer}`, `cell.${layer}`] as const;

function named(layer: number, { hidden, cell }: RecurrentState): Values {
  const [first, second] = stateNames(layer);
  return { [first]: hidden, [second]: cell };
}

const stateOf = (config: AwdLstmConfig, { batch }: Pick<BatchShape, 'batch'>): BatchTypes =>
  Object.fromEntries(
    sizesOf(config).flatMap((size, layer) => stateNames(layer).map((name) => [name, tensorType([batch, size])])),
  );
