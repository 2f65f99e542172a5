/** GloVe (Pennington et al. 2014): vectors whose products are the logarithms of co-occurrences. */
import { permutation } from '@attune/core';
import { coOccurrences } from './co-occurrences.js';
import { gloveProgram } from './glove-program.js';
import { RowProgram } from './row-program.js';
import { NO_ROW, RowTable } from './row-table.js';
import { requireFinite, trainedVectors, type WordVectorEvent, type WordVectorTraining } from './training.js';

export interface GloveOptions extends WordVectorTraining {
  /** Pairs that occur more often weigh no more; 100 by default. */
  readonly xMax?: number;
  /** Rarer pairs weigh (x / xMax) to this power; 0.75 by default. */
  readonly alpha?: number;
  /** Of AdaGrad; 0.05 by default. */
  readonly learningRate?: number;
}

/** Pairs a batch; of few pairs fewer. */
const MAX_PAIRS = 1024;

/**
 * Trains vectors; a step touches only the rows of its pairs. The last event has the vectors: of each word the sum of its
 * two, as GloVe writes them.
 * @throws AttuneError `E_NONFINITE` if the loss is no finite number; the signal's reason
 */
export async function* trainGlove({
  corpus,
  backend,
  dimensions = 100,
  epochs = 25,
  window = 10,
  xMax = 100,
  alpha = 0.75,
  learningRate = 0.05,
  seed = 0,
  signal,
}: GloveOptions): AsyncGenerator<WordVectorEvent> {
  const counted = coOccurrences(corpus, window);
  const count = counted.weights.length;
  const { length } = corpus.words;
  const pairs = Math.min(MAX_PAIRS, Math.max(1, Math.floor(count / 8)));
  await using program = await RowProgram.open(backend, gloveProgram({ pairs, dimensions }), signal);
  const width = dimensions + 1;
  const draw = (purpose: string) => RowTable.random(length, width, { scale: dimensions, seed, purpose });
  const tables = {
    words: draw('glove/words'),
    contexts: draw('glove/contexts'),
    wordSquares: new RowTable(length, width, 1),
    contextSquares: new RowTable(length, width, 1),
  };
  const rows = () => new Float32Array(pairs * width);
  const inputs = {
    ...{ words: rows(), contexts: rows(), wordSquares: rows(), contextSquares: rows() },
    logs: new Float32Array(pairs),
    weights: new Float32Array(pairs),
    rate: Float32Array.of(learningRate),
  };
  const wordIds = new Int32Array(pairs);
  const contextIds = new Int32Array(pairs);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const began = performance.now();
    const order = permutation(count, seed, 'glove/order', epoch);
    let loss = 0;
    for (let start = 0; start < count; start += pairs) {
      signal?.throwIfAborted();
      for (let row = 0; row < pairs; row++) {
        const pair = order[start + row];
        const times = pair === undefined ? 1 : counted.weights[pair]!;
        wordIds[row] = pair === undefined ? NO_ROW : counted.words[pair]!;
        contextIds[row] = pair === undefined ? NO_ROW : counted.contexts[pair]!;
        inputs.logs[row] = Math.log(times);
        inputs.weights[row] = pair === undefined ? 0 : Math.min(1, (times / xMax) ** alpha);
      }
      tables.words.gather(wordIds, inputs.words);
      tables.contexts.gather(contextIds, inputs.contexts);
      tables.wordSquares.gather(wordIds, inputs.wordSquares);
      tables.contextSquares.gather(contextIds, inputs.contextSquares);
      const output = await program.run(inputs);
      tables.words.add(wordIds, output('wordUpdates'));
      tables.contexts.add(contextIds, output('contextUpdates'));
      tables.wordSquares.add(wordIds, output('wordSquareUpdates'));
      tables.contextSquares.add(contextIds, output('contextSquareUpdates'));
      loss += output('loss')[0]!;
    }
    requireFinite(loss, epoch);
    const seconds = (performance.now() - began) / 1000;
    yield { type: 'epoch', epoch: epoch + 1, epochs, loss: loss / Math.max(1, count), seconds };
  }
  yield {
    type: 'end',
    vectors: trainedVectors(corpus.words, sumOf(tables.words, tables.contexts, dimensions), dimensions),
  };
}

/** Without the biases. */
function sumOf(words: RowTable, contexts: RowTable, dimensions: number): Float32Array {
  const sums = new Float32Array(words.rows * dimensions);
  for (let row = 0; row < words.rows; row++) {
    for (let column = 0; column < dimensions; column++) {
      const index = row * words.width + column;
      sums[row * dimensions + column] = words.values[index]! + contexts.values[index]!;
    }
  }
  return sums;
}
