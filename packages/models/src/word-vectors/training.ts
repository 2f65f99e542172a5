/** What training word vectors takes and tells, whatever the method. */

import type { WordVectors } from '@attune/hub';
import { AttuneError, type Backend, hostTensor } from '@attune/ir';
import type { Corpus } from './corpus.js';

export interface WordVectorTraining {
  readonly corpus: Corpus;
  readonly backend: Backend;
  /** Length of a vector; 100 by default. */
  readonly dimensions?: number;
  /** Passes over the text; of Word2Vec 5, of GloVe 25 by default. */
  readonly epochs?: number;
  /** Words on each side that count as near; of Word2Vec up to 5, of GloVe 10 by default. */
  readonly window?: number;
  /** The vectors are a function of the corpus, the options and the seed on one backend; 0 by default. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

export type WordVectorEvent =
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      readonly epochs: number;
      /** The mean over all predictions of the epoch. */
      readonly loss: number;
      readonly seconds: number;
    }
  | { readonly type: 'end'; readonly vectors: WordVectors };

/** Rows in the order of the words. */
export const trainedVectors = (words: readonly string[], values: Float32Array, dimensions: number): WordVectors => ({
  vocabulary: new Map(words.map((word, row) => [word, row])),
  vectors: hostTensor([words.length, dimensions], values),
});

/** @throws AttuneError `E_NONFINITE` */
export function requireFinite(loss: number, epoch: number): void {
  if (Number.isFinite(loss)) return;
  throw new AttuneError('E_NONFINITE', `The loss of epoch ${epoch + 1} is ${loss}.`, {
    field: 'learningRate',
    hint: 'Use a smaller learning rate.',
  });
}
