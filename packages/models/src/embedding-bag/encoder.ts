/**
 * Static vectors: a text is the mean of its tokens' vectors (Shen et al. 2018, arXiv 1805.09843, as SWEM-aver), a token its
 * own vector. With a linear classifier on frozen vectors this is "word vectors as features".
 */
import { embeddingLayer, type Initializer, meanPooling, namedValue, tokenFields, type Values } from '@attune/core';
import { and, cast, equal, notEqual, type Value } from '@attune/ir';
import type { Encoder } from '@attune/tasks';
import type { EmbeddingBagConfig } from './config.js';

/** The parameter with the vectors, [tokens, width]. */
export const VECTORS = 'embeddings.word_embeddings.weight';

/** Texts have no positions here; the number only bounds what a batch may hold. */
const MAX_POSITIONS = 1_000_000;

export function embeddingBagEncoder(config: EmbeddingBagConfig): Encoder {
  const initializer: Initializer = { kind: 'normal', standardDeviation: config.initializer_range };
  const mean = (states: Value, inputs: Values) => meanPooling(states, countedTokens(inputs, config));
  return {
    modelType: 'embedding-bag',
    width: config.hidden_size,
    maxPositions: MAX_POSITIONS,
    inputs: tokenFields('inputIds', 'attentionMask'),
    prefix: '',
    sees: 'nothing',
    classifier: { name: 'classifier', bias: true },
    initializer,
    classifierDropout: config.classifier_dropout ?? 0,
    states(scope, inputs) {
      const shape = [config.vocab_size, config.hidden_size] as const;
      const ids = namedValue(inputs, 'inputIds');
      const vectors = embeddingLayer(scope.child('embeddings'), 'word_embeddings', ids, shape, { initializer });
      return { layers: [vectors], last: vectors };
    },
    mean,
    textState: (_, states, inputs) => mean(states, inputs),
    textStatePrefixes: [],
  };
}

/** i32 [batch, tokens]: 1 for the tokens whose vectors count. */
function countedTokens(inputs: Values, config: EmbeddingBagConfig): Value {
  const inputIds = namedValue(inputs, 'inputIds');
  const counts = config.ignored_token_ids.reduce(
    (counted, id) => and(counted, notEqual(inputIds, id)),
    equal(namedValue(inputs, 'attentionMask'), 1),
  );
  return cast(counts, 'i32');
}
