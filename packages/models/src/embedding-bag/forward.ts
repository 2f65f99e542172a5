/**
 * Static vectors: a text is the mean of its tokens' vectors (Shen et al. 2018, arXiv 1805.09843, as SWEM-aver), a token its
 * own vector. With a linear classifier on frozen vectors this is "word vectors as features".
 */
import { embedding, type Initializer, linear, meanPooling, normalizeRows, type Scope, type Values } from '@attune/core';
import { AttuneError, and, cast, equal, notEqual, type Value } from '@attune/ir';
import type { ForwardOptions } from '../architecture.js';
import type { EmbeddingBagConfig } from './config.js';

/** The parameter with the vectors, [tokens, width]. */
export const VECTORS = 'embeddings.word_embeddings.weight';

export const embeddingBagTasks = ['feature-extraction', 'sequence-classification', 'token-classification'] as const;

export type EmbeddingBagTask = (typeof embeddingBagTasks)[number];

/** `inputIds` and `attentionMask`, i32 [batch, tokens], to the outputs that BERT has for the task. */
export function embeddingBagForward(task: EmbeddingBagTask, config: EmbeddingBagConfig, { labels }: ForwardOptions) {
  return (scope: Scope, { inputIds, attentionMask }: Values): Values => {
    if (!inputIds || !attentionMask) {
      const field = inputIds ? 'attentionMask' : 'inputIds';
      throw new AttuneError('E_DATA', `An embedding bag needs the batch field "${field}".`, { field });
    }
    const initializer: Initializer = { kind: 'normal', standardDeviation: config.initializer_range };
    const shape = [config.vocab_size, config.hidden_size] as const;
    const vectors = embedding(scope.child('embeddings'), 'word_embeddings', inputIds, shape, { initializer });
    const meanPooled = meanPooling(vectors, countedTokens(inputIds, attentionMask, config));
    if (task === 'feature-extraction') {
      return { lastHiddenState: vectors, meanPooled, normalized: normalizeRows(meanPooled) };
    }
    const features = task === 'sequence-classification' ? meanPooled : vectors;
    const dropped = scope.child('classifier').dropout(features, config.classifier_dropout ?? 0);
    return { logits: linear(scope, 'classifier', dropped, labels, { initializer }) };
  };
}

/** i32 [batch, tokens]: 1 for the tokens whose vectors count. */
function countedTokens(inputIds: Value, attentionMask: Value, config: EmbeddingBagConfig): Value {
  const counts = config.ignored_token_ids.reduce(
    (counted, id) => and(counted, notEqual(inputIds, id)),
    equal(attentionMask, 1),
  );
  return cast(counts, 'i32');
}
