/**
 * Convolutions of several widths side by side over the vectors of words, each at its maximum over time (Kim 2014, arXiv
 * 1408.5882), without its constraint on the norm of the classifier's rows.
 */
import { conv1dLayer, meanPooling, namedValue, type Scope, tokenFields, type Values } from '@attune/core';
import {
  cast,
  concat,
  equal,
  maximum,
  maximumOver,
  mul,
  pad,
  reshape,
  select,
  sliceAxis,
  type Value,
} from '@attune/ir';
import type { Encoder } from '@attune/tasks';
import { MAX_WORDS, wordVectors } from '../word-embeddings.js';
import type { TextCnnConfig } from './config.js';

export const CONVOLUTIONS = 'convs';

export function textCnnEncoder(config: TextCnnConfig): Encoder {
  const { embedding_size: width, kernel_sizes: windows, num_filters: channels } = config;
  return {
    modelType: 'text-cnn',
    width,
    maxPositions: MAX_WORDS,
    inputs: tokenFields('inputIds', 'attentionMask'),
    prefix: '',
    sees: 'nothing',
    classifier: { name: 'classifier', bias: true },
    initializer: { kind: 'uniform', bound: (windows.length * channels) ** -0.5 },
    classifierDropout: config.classifier_dropout,
    states(scope, inputs) {
      const vectors = wordVectors(scope, inputs, config);
      return { layers: [vectors], last: vectors };
    },
    mean: (states, inputs) => meanPooling(states, namedValue(inputs, 'attentionMask')),
    textState: (scope, states, inputs) => strongest(scope, states, inputs, config),
    textStatePrefixes: [`${CONVOLUTIONS}.`],
  };
}

/** The largest answer of each channel to a window of the text, [batch, windows * channels]. */
function strongest(scope: Scope, states: Value, inputs: Values, config: TextCnnConfig): Value {
  const isWord = equal(namedValue(inputs, 'attentionMask'), 1);
  const [batch, tokens] = isWord.type.shape as readonly [number, number];
  const words = mul(states, reshape(cast(isWord, 'f32'), [batch, tokens, 1]));
  const channels = config.num_filters;
  const pooled = config.kernel_sizes.map((window, index) => {
    const padding = window - 1;
    const answers = conv1dLayer(scope.child(CONVOLUTIONS), index, words, { channels, window, padding });
    const isOnText = reshape(windowsWithWords(isWord, window), [batch, tokens + padding, 1]);
    return maximumOver(select(isOnText, maximum(answers, 0), 0), { axes: [1] });
  });
  return concat(pooled as [Value, ...Value[]], 1);
}

/** bool [batch, places]: which windows, from the one that ends at the first token on, cover a word. */
function windowsWithWords(isWord: Value, window: number): Value {
  const tokens = isWord.type.shape[1]!;
  const padding = window - 1;
  const padded = pad(cast(isWord, 'i32'), { low: [0, padding], high: [0, padding], interior: [0, 0], value: 0 });
  const places = Array.from({ length: window }, (_, start) => sliceAxis(padded, 1, start, start + tokens + padding));
  return equal(places.reduce(maximum), 1);
}
