/**
 * TF-IDF with logistic regression, as a program: a token is a term of the text, its type id the number of times that it occurs.
 * The numbers are scikit-learn's.
 */
import { meanPooling, namedValue, type Scope, tokenFields, type Values } from '@attune/core';
import {
  add,
  and,
  cast,
  einsum,
  equal,
  gather,
  greaterEqual,
  less,
  log,
  maximum,
  mul,
  reduceSum,
  reshape,
  rsqrt,
  select,
  swapAxes,
  type Value,
} from '@attune/ir';
import type { Encoder } from '@attune/tasks';
import { MAX_WORDS } from '../word-embeddings.js';
import type { TfidfConfig } from './config.js';

/** The weight of each term, [terms]. */
export const IDF = 'idf.weight';

export function tfidfEncoder(config: TfidfConfig): Encoder {
  return {
    modelType: 'tf-idf',
    width: 1,
    maxPositions: MAX_WORDS,
    inputs: tokenFields('inputIds', 'attentionMask', 'tokenTypeIds'),
    prefix: '',
    sees: 'nothing',
    classifier: { name: 'classifier', bias: true },
    initializer: zero,
    classifierDropout: 0,
    states(scope, inputs) {
      const weights = termWeights(scope, inputs, config);
      const states = reshape(weights, [...weights.type.shape, 1]);
      return { layers: [states], last: states };
    },
    mean: (states, inputs) => meanPooling(states, namedValue(inputs, 'attentionMask')),
    textState: (_, states, inputs) => meanPooling(states, namedValue(inputs, 'attentionMask')),
    textStatePrefixes: [],
    textClassifier: {
      prefixes: ['classifier.'],
      modules: ['classifier'],
      logits(scope, states, inputs, labels) {
        const layer = scope.child('classifier');
        const rows = swapAxes(layer.parameter('weight', [labels, config.vocab_size], zero), 0, 1);
        const [batch, tokens] = states.type.shape as readonly [number, number, number];
        const scores = gather(rows, namedValue(inputs, 'inputIds'));
        return add(
          einsum('bt,btl->bl', reshape(states, [batch, tokens]), scores),
          layer.parameter('bias', [labels], zero),
        );
      },
    },
  };
}

const zero = { kind: 'constant', value: 0 } as const;

/** Of the terms of a batch, [batch, tokens]; of each kind of term at length 1. */
function termWeights(scope: Scope, inputs: Values, config: TfidfConfig): Value {
  const ids = namedValue(inputs, 'inputIds');
  const counts = cast(maximum(namedValue(inputs, 'tokenTypeIds'), 1), 'f32');
  const idf = reshape(scope.buffer(IDF, [config.vocab_size], { kind: 'constant', value: 1 }), [config.vocab_size, 1]);
  const frequencies = config.sublinear_tf ? add(log(counts), 1) : counts;
  const isTerm = equal(namedValue(inputs, 'attentionMask'), 1);
  const weights = mul(frequencies, reshape(gather(idf, ids), ids.type.shape));
  let first = 1;
  return config.block_sizes
    .map((size) => {
      const isOwn = and(isTerm, and(greaterEqual(ids, first), less(ids, first + size)));
      first += size;
      const own = select(isOwn, weights, 0);
      const squares = reduceSum(mul(own, own), [1]);
      return mul(own, reshape(rsqrt(maximum(squares, 1e-24)), [ids.type.shape[0]!, 1]));
    })
    .reduce(add);
}
