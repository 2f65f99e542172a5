/** The predictions of an epoch of Word2Vec, in batches of arrays that are used again. */
import type { Corpus } from './corpus.js';
import { RandomStream } from './random-stream.js';
import { NO_ROW } from './row-table.js';
import type { NoiseWords } from './word-draws.js';
import type { Word2VecShape } from './word2vec-program.js';

export interface Word2VecBatch {
  /** [positions, contexts], `NO_ROW` for those that are not there. */
  readonly contextIds: Int32Array;
  readonly present: Float32Array;
  /** [positions, targets]. */
  readonly targetIds: Int32Array;
  readonly counted: Float32Array;
  /** The share of the epoch's text that was read. */
  progress: number;
  /** Predictions that count. */
  predictions: number;
}

export interface EpochOptions {
  readonly corpus: Corpus;
  readonly shape: Word2VecShape;
  readonly noise: NoiseWords;
  readonly kept: Float64Array;
  readonly window: number;
  readonly seed: number;
  readonly epoch: number;
}

/** What is yielded is overwritten by the next batch. */
export function* epochBatches(options: EpochOptions): Generator<Word2VecBatch> {
  const { shape, corpus } = options;
  const batch: Word2VecBatch = {
    contextIds: new Int32Array(shape.positions * shape.contexts),
    present: new Float32Array(shape.positions * shape.contexts),
    targetIds: new Int32Array(shape.positions * shape.targets),
    counted: new Float32Array(shape.positions * shape.targets),
    progress: 0,
    predictions: 0,
  };
  let filled = 0;
  clear(batch);
  for (const place of places(options)) {
    addPlace(batch, filled++, place, options);
    if (filled < shape.positions) continue;
    yield batch;
    filled = 0;
    clear(batch);
  }
  batch.progress = 1;
  if (filled > 0 && corpus.ids.length > 0) yield batch;
}

interface Place {
  /** Words of a text that are kept. */
  readonly text: readonly number[];
  /** The predicted one. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly progress: number;
  readonly random: RandomStream;
}

function* places({ corpus, kept, window, seed, epoch }: EpochOptions): Generator<Place> {
  const { ids, starts } = corpus;
  const random = new RandomStream(seed, `word2vec/epoch/${epoch}`);
  for (let number = 0; number + 1 < starts.length; number++) {
    const [start, end] = [starts[number]!, starts[number + 1]!];
    const text: number[] = [];
    for (let index = start; index < end; index++) {
      const id = ids[index]!;
      if (kept[id]! >= 1 || random.next() < kept[id]!) text.push(id);
    }
    const progress = end / ids.length;
    for (let at = 0; at < text.length; at++) {
      const reach = 1 + Math.floor(random.next() * window);
      const [from, to] = [Math.max(0, at - reach), Math.min(text.length - 1, at + reach)];
      if (to > from) yield { text, at, from, to, progress, random };
    }
  }
}

function addPlace(batch: Word2VecBatch, row: number, place: Place, { shape, noise }: EpochOptions): void {
  const { text, at, from, to } = place;
  let slot = row * shape.contexts;
  for (let index = from; index <= to; index++) {
    if (index === at) continue;
    batch.contextIds[slot] = text[index]!;
    batch.present[slot++] = 1;
  }
  const word = text[at]!;
  const first = row * shape.targets;
  batch.targetIds[first] = word;
  batch.counted[first] = 1;
  let targets = 1;
  for (let index = 1; index < shape.targets; index++) {
    const drawn = noise.draw(place.random);
    batch.targetIds[first + index] = drawn;
    batch.counted[first + index] = drawn === word ? 0 : 1;
    targets += drawn === word ? 0 : 1;
  }
  batch.predictions += targets * (shape.method === 'cbow' ? 1 : to - from);
  batch.progress = place.progress;
}

function clear(batch: Word2VecBatch): void {
  batch.contextIds.fill(NO_ROW);
  batch.present.fill(0);
  batch.targetIds.fill(NO_ROW);
  batch.counted.fill(0);
  batch.predictions = 0;
}
