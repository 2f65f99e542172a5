/** Word2Vec (Mikolov et al. 2013, arXiv 1301.3781 and 1310.4546) with negative sampling, with gensim's defaults. */
import { RowProgram } from './row-program.js';
import { RowTable } from './row-table.js';
import { requireFinite, trainedVectors, type WordVectorEvent, type WordVectorTraining } from './training.js';
import { keptShares, NoiseWords } from './word-draws.js';
import { epochBatches } from './word2vec-batches.js';
import {
  targetsOfStretch,
  type Word2VecMethod,
  type Word2VecShape,
  word2VecProgram,
  wordsOfStretch,
} from './word2vec-program.js';

export interface Word2VecOptions extends WordVectorTraining {
  /** `skip-gram` by default. */
  readonly method?: Word2VecMethod;
  /** Noise words of the words that follow one another in a short stretch; 5 by default. */
  readonly negative?: number;
  /** Words beyond this share of the text are left out at random; 0 leaves out none; 1e-3 by default. */
  readonly sample?: number;
  /** Falls in a straight line, by text read, to `minLearningRate`; 0.025 by default. */
  readonly learningRate?: number;
  /** 1e-4 by default. */
  readonly minLearningRate?: number;
}

/** Predicted words of a batch. Of a small vocabulary fewer: rows that a batch names many times would move too far at once. */
const MAX_POSITIONS = 256;
/** Those of a stretch. More would mean fewer noise words, and more products of words that are not near each other. */
const STRETCH = 8;

/**
 * Trains vectors; a step touches only the rows of its words. The last event has the vectors.
 * @throws AttuneError `E_NONFINITE` if the loss is no finite number; the signal's reason
 */
export async function* trainWord2Vec({
  corpus,
  backend,
  method = 'skip-gram',
  dimensions = 100,
  epochs = 5,
  window = 5,
  negative = 5,
  sample = 1e-3,
  learningRate = 0.025,
  minLearningRate = 1e-4,
  seed = 0,
  signal,
}: Word2VecOptions): AsyncGenerator<WordVectorEvent> {
  const { length } = corpus.words;
  const stretches = Math.max(1, Math.floor(Math.min(MAX_POSITIONS, length / 8) / STRETCH));
  const shape: Word2VecShape = { method, stretches, positions: STRETCH, window, negative, dimensions };
  await using program = await RowProgram.open(backend, word2VecProgram(shape), signal);
  const vectors = RowTable.random(length, dimensions, { scale: dimensions, seed, purpose: 'word2vec/vectors' });
  const outputs = new RowTable(length, dimensions);
  const words = new Float32Array(stretches * wordsOfStretch(shape) * dimensions);
  const targets = new Float32Array(stretches * targetsOfStretch(shape) * dimensions);
  const noise = new NoiseWords(corpus.counts);
  const kept = keptShares(corpus.counts, sample);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const began = performance.now();
    let loss = 0;
    let predictions = 0;
    for (const batch of epochBatches({ corpus, shape, noise, kept, seed, epoch })) {
      signal?.throwIfAborted();
      vectors.gather(batch.wordIds, words);
      outputs.gather(batch.targetIds, targets);
      const done = (epoch + batch.progress) / epochs;
      const rate = Float32Array.of(learningRate + (minLearningRate - learningRate) * done);
      const { present, counted } = batch;
      const output = await program.run({ words, present, targets, counted, rate });
      vectors.add(batch.wordIds, output('wordUpdates'));
      outputs.add(batch.targetIds, output('targetUpdates'));
      loss += output('loss')[0]!;
      predictions += batch.predictions;
    }
    requireFinite(loss, epoch);
    const seconds = (performance.now() - began) / 1000;
    yield { type: 'epoch', epoch: epoch + 1, epochs, loss: loss / Math.max(1, predictions), seconds };
  }
  yield { type: 'end', vectors: trainedVectors(corpus.words, vectors.values, dimensions) };
}
