import { onnx } from '@attune/backend-onnx';
import type { WordVectors } from '@attune/hub';
import { hostTensor, referenceBackend } from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { coOccurrences } from './co-occurrences.js';
import { readCorpus } from './corpus.js';
import { trainGlove } from './glove.js';
import { analogousWords, similarWords } from './neighbours.js';
import { RandomStream } from './random-stream.js';
import { RowProgram } from './row-program.js';
import { RowTable } from './row-table.js';
import type { WordVectorEvent } from './training.js';
import { keptShares, NoiseWords } from './word-draws.js';
import { trainWord2Vec, type Word2VecOptions } from './word2vec.js';
import { type Word2VecShape, word2VecMethods, word2VecProgram } from './word2vec-program.js';

/** Animals stand near animals and numbers near numbers. */
const groups = [
  ['cat', 'dog', 'horse', 'cow', 'sheep', 'goat'],
  ['one', 'two', 'three', 'four', 'five', 'six'],
];
const random = new RandomStream(1, 'texts');
const texts = Array.from({ length: 300 }, (_, index) =>
  Array.from({ length: 8 }, () => groups[index % 2]![Math.floor(random.next() * 6)]).join(' '),
);

async function trained(events: AsyncIterable<WordVectorEvent>) {
  const losses: number[] = [];
  let vectors: WordVectors | undefined;
  for await (const event of events) {
    if (event.type === 'end') vectors = event.vectors;
    else losses.push(event.loss);
  }
  if (!vectors) throw new Error('no vectors');
  return { losses, vectors };
}

const small = { dimensions: 12, window: 3, sample: 0, learningRate: 0.05, epochs: 4 };

const word2Vec = async (options: Partial<Word2VecOptions>) =>
  trained(trainWord2Vec({ corpus: await readCorpus(texts), backend: onnx({ threads: 1 }), ...small, ...options }));

const groupsOf = (vectors: WordVectors) =>
  similarWords(vectors, 'cat', 5)
    .map(({ word }) => word)
    .sort();

describe('training word vectors', () => {
  it.each(['skip-gram', 'cbow'] as const)('issue 18: %s brings words of like contexts together', async (method) => {
    const { losses, vectors } = await word2Vec({ method });
    expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.95);
    expect(groupsOf(vectors)).toEqual(['cow', 'dog', 'goat', 'horse', 'sheep']);
  });

  it('issue 18: GloVe brings words of like contexts together', async () => {
    const { losses, vectors } = await trained(
      trainGlove({
        corpus: await readCorpus(texts),
        backend: onnx({ threads: 1 }),
        dimensions: 12,
        epochs: 15,
        window: 4,
      }),
    );
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 10);
    expect(groupsOf(vectors)).toEqual(['cow', 'dog', 'goat', 'horse', 'sheep']);
  });

  it('is a function of the seed, and near to what another backend computes', async () => {
    const few = { epochs: 1, corpus: await readCorpus(texts.slice(0, 40)) };
    const first = (await word2Vec(few)).vectors.vectors.data;
    expect((await word2Vec(few)).vectors.vectors.data).toEqual(first);
    expect((await word2Vec({ ...few, seed: 1 })).vectors.vectors.data).not.toEqual(first);
    const other = (await word2Vec({ ...few, backend: referenceBackend() })).vectors.vectors.data;
    expect(Array.from(other)).toEqual(Array.from(first, (value) => expect.closeTo(value, 4)));
  });

  it('stops at a signal', async () => {
    await expect(word2Vec({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

describe('a step of Word2Vec', () => {
  const shape = { stretches: 2, positions: 2, window: 1, negative: 2, dimensions: 3 } as const;
  const random = new RandomStream(7, 'step');
  const numbers = (count: number) => Float32Array.from({ length: count }, () => random.next() - 0.5);
  const inputs = {
    words: numbers(2 * 4 * 3),
    // Of words 0 1 2 3 of a stretch, 1 and 2 are predicted; the last has no words near it.
    present: Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1, ...[0, 0, 0, 0, 1, 0, 0, 0]),
    targets: numbers(2 * 4 * 3),
    counted: Float32Array.of(1, 1, 0, 1, 1, 1, 1, 1),
    rate: Float32Array.of(0.1),
  };

  /** Word by word and target by target, as word2vec's code does it, but from the values before the step. */
  function plainly(method: Word2VecShape['method']) {
    const updates = { words: new Float64Array(24), targets: new Float64Array(24), loss: 0 };
    const at = (values: ArrayLike<number>, row: number) => [0, 1, 2].map((column) => values[row * 3 + column]!);
    for (const [stretch, position] of [0, 0, 1, 1].map((number, index) => [number, index % 2] as const)) {
      const near = [0, 1, 2, 3].filter((word) => inputs.present[(stretch * 4 + word) * 2 + position] === 1);
      const groups = method === 'cbow' ? [near].filter(({ length }) => length > 0) : near.map((word) => [word]);
      for (const group of groups) {
        const rows = group.map((word) => stretch * 4 + word);
        const hidden = [0, 1, 2].map(
          (column) => rows.reduce((sum, row) => sum + inputs.words[row * 3 + column]!, 0) / rows.length,
        );
        for (const target of [position, 2, 3]) {
          const uses = target < 2 ? 1 : inputs.counted[(stretch * 2 + position) * 2 + target - 2]!;
          const vector = at(inputs.targets, stretch * 4 + target);
          const logit = vector.reduce((sum, value, column) => sum + value * hidden[column]!, 0);
          const chance = 1 / (1 + Math.exp(-logit));
          const error = 0.1 * uses * ((target < 2 ? 1 : 0) - chance);
          updates.loss -= uses * Math.log(target < 2 ? chance : 1 - chance);
          for (const column of [0, 1, 2]) {
            for (const row of rows) updates.words[row * 3 + column]! += error * vector[column]!;
            updates.targets[(stretch * 4 + target) * 3 + column]! += error * hidden[column]!;
          }
        }
      }
    }
    return updates;
  }

  it.each(word2VecMethods)('issue 18: %s adds up what each prediction asks for', async (method) => {
    await using program = await RowProgram.open(referenceBackend(), word2VecProgram({ ...shape, method }));
    const output = await program.run(inputs);
    const { words, targets, loss } = plainly(method);
    const near = (values: Float64Array) => Array.from(values, (value) => expect.closeTo(value, 6));
    expect([...output('wordUpdates')]).toEqual(near(words));
    expect([...output('targetUpdates')]).toEqual(near(targets));
    expect(output('loss')[0]).toBeCloseTo(loss, 5);
  });
});

it('one step moves only the rows that it names, a row that is named twice by both', () => {
  const table = new RowTable(4, 2);
  const rows = new Float32Array(6);
  table.gather(Int32Array.of(1, -1, 3), rows);
  table.add(Int32Array.of(1, -1, 1), Float32Array.of(1, 2, 9, 9, 10, 20));
  expect([...table.values]).toEqual([0, 0, 11, 22, 0, 0, 0, 0]);
});

describe('counting', () => {
  it('words by frequency, rare ones left out, texts that are empty then too', async () => {
    const corpus = await readCorpus(["The dog's the dog's 東京", 'rare', 'THE dog’s'], { minCount: 2 });
    expect(corpus.words).toEqual(['the', "dog's"]);
    expect([...corpus.ids]).toEqual([0, 1, 0, 1, 0]);
    expect(corpus.starts).toEqual([0, 4, 5]);
    expect((await readCorpus(['A-b a A-b a'], { minCount: 2, split: 'spaces' })).words).toEqual(['A-b', 'a']);
    await expect(readCorpus(['a a a b'], { minCount: 2 })).rejects.toMatchObject({ code: 'E_DATA_EMPTY' });
  });

  it('pairs by 1 / distance, within a text', async () => {
    const corpus = await readCorpus(['a b c', 'a b'], { minCount: 1 });
    const { words, contexts, weights } = coOccurrences(corpus, 2);
    const pairs = [...words].map((word, index) => [corpus.words[word], corpus.words[contexts[index]!], weights[index]]);
    expect(pairs).toEqual([
      ['a', 'b', 2],
      ['a', 'c', 0.5],
      ['b', 'a', 2],
      ['b', 'c', 1],
      ['c', 'a', 0.5],
      ['c', 'b', 1],
    ]);
  });

  it("keeps frequent words by gensim's formula", () => {
    // gensim 4: threshold 0.001 * 1e6 = 1000; (sqrt(v / 1000) + 1) * (1000 / v), at most 1
    const shares = keptShares(Float64Array.of(900_000, 99_000, 1000), 1e-3);
    expect([...shares]).toEqual([expect.closeTo(31 / 900, 10), expect.closeTo(0.11060479, 6), 1]);
  });

  it('draws noise by counts to the power of 0.75', () => {
    const noise = new NoiseWords(Float64Array.of(81, 16, 1));
    const drawn = [0, 0, 0];
    const stream = new RandomStream(0, 'noise');
    for (let index = 0; index < 36_000; index++) drawn[noise.draw(stream)]!++;
    expect(drawn.map((count) => count / 1000)).toEqual([27, 8, 1].map((share) => expect.closeTo(share, 0)));
  });
});

describe('neighbours and analogies', () => {
  const names = ['man', 'king', 'woman', 'queen', 'apple'];
  const vectors: WordVectors = {
    vocabulary: new Map(names.map((word, row) => [word, row])),
    vectors: hostTensor([5, 3], [1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1, -1, -1, 0]),
  };

  it('by the cosine', () => {
    expect(similarWords(vectors, 'king', 2)).toEqual([
      { word: 'man', similarity: expect.closeTo(Math.SQRT1_2) },
      { word: 'queen', similarity: expect.closeTo(0.5) },
    ]);
    expect(analogousWords(vectors, ['man', 'king', 'woman'], 1)).toMatchObject([{ word: 'queen' }]);
  });

  it('names a word that has no vector, and one that may be meant', () => {
    expect(() => similarWords(vectors, 'King')).toThrow(
      expect.objectContaining({ code: 'E_CONFIG', field: 'word', hint: 'Did you mean "king"?' }),
    );
  });
});
