/** ULMFiT's classifier (Howard and Ruder 2018), with the parameter names of fastai's PoolingLinearClassifier. */
import { batchNorm, concatPooling, type Initializer, linear, namedValue, type Scope, type Values } from '@attune/core';
import { and, cast, equal, maximum, notEqual, reduceMax, type Value } from '@attune/ir';
import type { TextClassifier } from '@attune/tasks';
import type { AwdLstmConfig } from './config.js';

/** Last state, maximum and mean, then twice batch normalisation, dropout and a linear layer, with ReLU between. */
export const poolingClassifier = (config: AwdLstmConfig): TextClassifier => ({
  prefixes: ['1.layers.0.', '1.layers.1.0.', '1.layers.1.1.'],
  modules: ['1.layers'],
  logits(scope, states, inputs, labels) {
    const layers = scope.child('1').child('layers');
    const counted = realRows(inputs, config);
    const pooled = concatPooling(states, namedValue(inputs, 'attentionMask'));
    const block = (index: number, x: Value, width: number, rate: number) => {
      const place = layers.child(index);
      const normalized = batchNorm(place, '0', x, { counted });
      return dense(place, place.dropout(normalized, rate * config.dropout), width);
    };
    const inner = block(0, pooled, config.classifier_hidden, config.output_p);
    return block(1, maximum(inner, 0), labels, config.classifier_p);
  },
});

/** A linear layer without a bias that starts as PyTorch's. */
function dense(scope: Scope, x: Value, width: number): Value {
  const initializer: Initializer = { kind: 'uniform', bound: x.type.shape.at(-1)! ** -0.5 };
  return linear(scope, '1', x, width, { bias: false, initializer });
}

/** bool [batch]: rows that only fill up a batch hold padding alone, and are no part of its mean and variance. */
function realRows(inputs: Values, { pad_token: padding }: AwdLstmConfig): Value {
  const isReal = and(equal(namedValue(inputs, 'attentionMask'), 1), notEqual(namedValue(inputs, 'inputIds'), padding));
  return equal(reduceMax(cast(isReal, 'i32'), [1]), 1);
}
