// Word2Vec: processor time for a batch at small and large vocabularies, which should be the same, and words a second on the
// shared corpus. Processor time, since what else the machine does would be in the other.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { onnx } from '../packages/backend-onnx/dist/index.js';
import { readCorpus, trainWord2Vec } from '../packages/models/dist/index.js';
import { median, shared, writeResults } from './common.mjs';

const ROUNDS = 3;
const WORDS = 25_600;
/** Predicted words of a batch. */
const POSITIONS = 256;
const sizes = [10_000, 100_000, 400_000];

/** Uniform over the vocabulary, so that rows of a large one lie far apart: the worst case for the processor's caches. */
function randomCorpus(size) {
  const ids = Int32Array.from({ length: WORDS }, (_, index) => Math.imul(index + 1, 0x9e3779b1) >>> 0).map(
    (hash) => (hash >>> 0) % size,
  );
  const words = Array.from({ length: size }, (_, index) => `w${index}`);
  return { words, counts: new Float64Array(size).fill(1), ids, starts: [0, WORDS] };
}

/** Seconds of the processor for the second epoch: before the first, tables are filled and the program is compiled. */
async function epochSeconds(corpus) {
  const marks = [];
  const options = { corpus, backend: onnx({ threads: 1 }), epochs: 2, sample: 0 };
  for await (const event of trainWord2Vec(options)) if (event.type === 'epoch') marks.push(process.cpuUsage());
  const [first, second] = marks.map(({ user, system }) => (user + system) / 1e6);
  return second - first;
}

async function* passages(count) {
  const file = createReadStream(join(shared, 'data', 'corpus', 'passages.txt.gz')).pipe(createGunzip());
  let read = 0;
  for await (const line of createInterface({ input: file })) {
    yield line;
    if (++read === count) return;
  }
}

const seconds = new Map(sizes.map((size) => [size, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const size of sizes) seconds.get(size).push(await epochSeconds(randomCorpus(size)));
}
const batches = WORDS / POSITIONS;
const byVocabulary = sizes.map((size) => ({
  words: size,
  batchMilliseconds: (1000 * median(seconds.get(size))) / batches,
}));
const corpus = await readCorpus(passages(2000));
const wordsPerSecond = corpus.ids.length / (await epochSeconds(corpus));
writeResults('vectors', { byVocabulary, wordsPerSecond });
for (const { words, batchMilliseconds } of byVocabulary) {
  console.log(`${words} rows: ${batchMilliseconds.toFixed(2)} ms of the processor for a batch of ${POSITIONS} words`);
}
console.log(`${Math.round(wordsPerSecond)} words a second of the processor, on ${corpus.ids.length} words`);
