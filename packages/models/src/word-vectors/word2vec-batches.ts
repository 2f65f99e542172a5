/** The predictions of an epoch of Word2Vec, in batches of arrays that are used again. */
import type { Corpus } from './corpus.js';
import { RandomStream } from './random-stream.js';
import { NO_ROW } from './row-table.js';
import type { NoiseWords } from './word-draws.js';
import { targetsOfStretch, type Word2VecShape, wordsOfStretch } from './word2vec-program.js';

export interface Word2VecBatch {
  /** [stretches, words], `NO_ROW` before and after all text. */
  readonly wordIds: Int32Array;
  /** [stretches, words, positions]. */
  readonly present: Float32Array;
  /** [stretches, targets], `NO_ROW` after all text. */
  readonly targetIds: Int32Array;
  /** [stretches, positions, negative]. */
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
  readonly seed: number;
  readonly epoch: number;
}

/** What is yielded is overwritten by the next batch. */
export function* epochBatches(options: EpochOptions): Generator<Word2VecBatch> {
  const { shape, seed, epoch } = options;
  const { stretches, positions, negative } = shape;
  const batch: Word2VecBatch = {
    wordIds: new Int32Array(stretches * wordsOfStretch(shape)),
    present: new Float32Array(stretches * wordsOfStretch(shape) * positions),
    targetIds: new Int32Array(stretches * targetsOfStretch(shape)),
    counted: new Float32Array(stretches * positions * negative),
    progress: 0,
    predictions: 0,
  };
  const text = keptText(options);
  const random = new RandomStream(seed, `word2vec/epoch/${epoch}`);
  let number = 0;
  for (let start = 0; start < text.ids.length; start += stretches * positions) {
    batch.present.fill(0);
    batch.predictions = 0;
    for (let stretch = 0; stretch < stretches; stretch++) {
      nameRows(batch, stretch, { ids: text.ids, first: start + stretch * positions }, random, options);
    }
    const end = Math.min(start + stretches * positions, text.ids.length);
    for (let at = start; at < end; at++) {
      while (at >= text.starts[number + 1]!) number++;
      const reach = 1 + Math.floor(random.next() * shape.window);
      const from = Math.max(text.starts[number]!, at - reach);
      const to = Math.min(text.starts[number + 1]! - 1, at + reach);
      if (to > from) addPosition(batch, at - start, { from: from - at, to: to - at }, shape);
    }
    batch.progress = end / text.ids.length;
    yield batch;
  }
}

/** The texts without the words that are left out this time. */
function keptText({ corpus, kept, seed, epoch }: EpochOptions): Pick<Corpus, 'ids' | 'starts'> {
  const random = new RandomStream(seed, `word2vec/kept/${epoch}`);
  const ids = new Int32Array(corpus.ids.length);
  const starts = [0];
  let length = 0;
  for (let number = 1; number < corpus.starts.length; number++) {
    for (let index = corpus.starts[number - 1]!; index < corpus.starts[number]!; index++) {
      const id = corpus.ids[index]!;
      if (kept[id]! >= 1 || random.next() < kept[id]!) ids[length++] = id;
    }
    starts.push(length);
  }
  return { ids: ids.subarray(0, length), starts };
}

/** The words of a stretch and those around it, and what they are told from. */
function nameRows(
  { wordIds, targetIds, counted }: Word2VecBatch,
  stretch: number,
  { ids, first }: { readonly ids: Int32Array; readonly first: number },
  random: RandomStream,
  { shape, noise }: EpochOptions,
): void {
  const { positions, window, negative } = shape;
  const words = wordsOfStretch(shape);
  for (let index = 0; index < words; index++) wordIds[stretch * words + index] = ids[first - window + index] ?? NO_ROW;
  const target = stretch * targetsOfStretch(shape);
  for (let index = 0; index < positions; index++) targetIds[target + index] = ids[first + index] ?? NO_ROW;
  for (let index = 0; index < negative; index++) {
    const drawn = noise.draw(random);
    targetIds[target + positions + index] = drawn;
    for (let position = 0; position < positions; position++) {
      const own = targetIds[target + position];
      counted[(stretch * positions + position) * negative + index] = drawn === own ? 0 : 1;
    }
  }
}

/** Notes which words are near a position. @param near the first and the last of them, from where it stands */
function addPosition(
  batch: Word2VecBatch,
  position: number,
  near: { readonly from: number; readonly to: number },
  shape: Word2VecShape,
): void {
  const { positions, window, negative, method } = shape;
  const column = position % positions;
  const own = Math.floor(position / positions) * wordsOfStretch(shape) + window + column;
  for (let offset = near.from; offset <= near.to; offset++) {
    if (offset !== 0) batch.present[(own + offset) * positions + column] = 1;
  }
  let targets = 1;
  for (let index = 0; index < negative; index++) targets += batch.counted[position * negative + index]!;
  batch.predictions += targets * (method === 'cbow' ? 1 : near.to - near.from);
}
