/** Word2Vec beside gensim: the same words of the shared corpus with the same settings, on two threads. */
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { onnx } from '@attune/backend-onnx';
import { regressionReport } from '@attune/core';
import { csv } from '@attune/data';
import type { WordVectors } from '@attune/hub';
import { type Corpus, readCorpus, trainWord2Vec, word2VecMethods } from '@attune/models';
import { lastLine, python, scripts, shared } from '../common.mjs';
import { inScratch } from './data.js';
import type { Unit } from './unit.js';

const SEEDS = [1, 2, 3];
const THREADS = 2;
const sets = { 'WS-353-ALL': 'WordSim-353', 'SIMLEX-999': 'SimLex-999' } as const;

interface ScoredPair {
  readonly set: string;
  readonly words: readonly [string, string];
  readonly score: number;
}

function passages(): AsyncIterable<string> {
  const file = createReadStream(join(shared, 'data/corpus/passages.txt.gz'));
  return createInterface({ input: file.pipe(createGunzip()) });
}

/** Pairs of words that both occur in the corpus. */
async function scoredPairs({ words }: Corpus): Promise<readonly ScoredPair[]> {
  const known = new Set(words);
  const columns = { text: 'word1', textPair: 'word2', numbers: ['score'], label: 'set' };
  const found = await csv(join(shared, 'data/word-similarity/pairs.csv'), columns).toArray();
  return found.flatMap(({ text, textPair = '', numbers, label: set = '' }) =>
    set in sets && known.has(text) && known.has(textPair)
      ? [{ set, words: [text, textPair], score: Number(numbers?.[0]) }]
      : [],
  );
}

const linesOf = ({ words, ids, starts }: Corpus): string =>
  starts
    .slice(1)
    .map((end, index) => `${Array.from(ids.subarray(starts[index], end), (id) => words[id]).join(' ')}\n`)
    .join('');

/** The cosine of the two words of each pair. */
function similarities({ vocabulary, vectors }: WordVectors, pairs: readonly ScoredPair[]): readonly number[] {
  const [, width = 0] = vectors.type.shape;
  const vectorOf = (word: string) => {
    const row = vocabulary.get(word) ?? 0;
    return Float64Array.from(vectors.data.subarray(row * width, (row + 1) * width));
  };
  return pairs.map(({ words }) => {
    const [one, other] = [vectorOf(words[0]), vectorOf(words[1])];
    const product = one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
    return product / Math.hypot(...one) / Math.hypot(...other);
  });
}

function spearman(set: string, pairs: readonly ScoredPair[], found: readonly number[]): number {
  const rows = pairs.flatMap((pair, index) => (pair.set === set ? [index] : []));
  return regressionReport(
    rows.map((row) => pairs[row]?.score ?? 0),
    rows.map((row) => found[row] ?? 0),
  ).spearman;
}

/** What Python prints. */
interface Answer {
  readonly seconds: number;
  readonly similarities: readonly number[];
}

async function measure(method: (typeof word2VecMethods)[number], seed: number, directory: string) {
  const corpus = await readCorpus(passages());
  const pairs = await scoredPairs(corpus);
  const [texts, words] = [join(directory, 'texts.txt'), join(directory, 'pairs.json')];
  writeFileSync(texts, linesOf(corpus));
  writeFileSync(words, JSON.stringify(pairs.map((pair) => pair.words)));
  const options = { texts, pairs: words, method, seed, threads: THREADS };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const peer = await lastLine<Answer>(python, ['word_vectors.py', ...flags], scripts);
  let seconds = 0;
  let ours: readonly number[] = [];
  for await (const event of trainWord2Vec({ corpus, method, seed, backend: onnx({ threads: THREADS }) })) {
    if (event.type === 'end') ours = similarities(event.vectors, pairs);
    else seconds += event.seconds;
  }
  const correlations = Object.entries(sets).map(([set, title]) => [
    `Spearman on ${title}`,
    { attune: spearman(set, pairs, ours), peer: spearman(set, pairs, peer.similarities) },
  ]);
  return { ...Object.fromEntries(correlations), seconds: { attune: seconds, peer: peer.seconds } };
}

export const wordVectorUnits: readonly Unit[] = SEEDS.flatMap((seed) =>
  word2VecMethods.map((method) => ({
    library: 'gensim',
    data: `corpus of 2 million words, ${method}`,
    seed,
    run: () => inScratch((directory) => measure(method, seed, directory)),
  })),
);
