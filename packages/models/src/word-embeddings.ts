/** The table of word vectors below classifiers that are trained from the ground up. */
import { embeddingLayer, type Initializer, namedValue, type Scope, type Values } from '@attune/core';
import type { Value } from '@attune/ir';

/** Where the table lies: also in directories of word vectors. */
export const EMBEDDINGS = 'embeddings.word_embeddings';

/** Texts have no positions there; the number only bounds what a batch may hold. */
export const MAX_WORDS = 1_000_000;

/** As far apart as word vectors of Word2Vec are (Kim 2014). */
const initializer: Initializer = { kind: 'uniform', bound: 0.25 };

/** The vectors of a batch's words, [batch, tokens, width]; that of padding stays as it is. */
export function wordVectors(
  scope: Scope,
  inputs: Values,
  sizes: { readonly vocab_size: number; readonly embedding_size: number; readonly pad_token_id: number },
): Value {
  const shape = [sizes.vocab_size, sizes.embedding_size] as const;
  const options = { paddingIndex: sizes.pad_token_id, initializer };
  return embeddingLayer(scope.child('embeddings'), 'word_embeddings', namedValue(inputs, 'inputIds'), shape, options);
}
