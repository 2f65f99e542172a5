import { isAttuneError } from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../memory-storage.js';
import { nodeStorage } from '../node-storage.js';
import { writeFile } from '../storage.js';
import { sharedPath, skipsGolden } from '../testing/python.js';
import { loadWordVectors, type WordVectorOptions } from './load.js';

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

async function load(content: string | Uint8Array, options: WordVectorOptions = {}, path = 'vectors.txt') {
  const storage = new MemoryStorage('dir');
  await writeFile(storage, path, content);
  const { vocabulary, vectors } = await loadWordVectors(storage, path, options);
  return { words: [...vocabulary.keys()], rows: [...vocabulary.values()], shape: vectors.type.shape, vectors };
}

async function failure(content: string | Uint8Array, options: WordVectorOptions = {}, path = 'vectors.txt') {
  const error = await load(content, options, path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isAttuneError(error)) throw new Error(`expected an AttuneError, got ${error}`);
  return `${error.code} ${error.message}`;
}

/** As word2vec writes it: a line feed behind each word's values, or, as gensim does, none. */
function binary(
  rows: Readonly<Record<string, readonly number[]>>,
  { end = '\n', header = '' } = {},
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(rows);
  const text = (value: string) => new TextEncoder().encode(value);
  const parts = [
    text(`${header || `${entries.length} ${entries[0]![1].length}`}\n`),
    ...entries.flatMap(([word, values]) => [
      text(`${word} `),
      new Uint8Array(Float32Array.from(values).buffer),
      text(end),
    ]),
  ];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const expected = { words: ['the', 'of', 'a'], rows: [0, 1, 2], shape: [3, 2] };
const glove = 'the 1 -0.5\nof 2 .25\na 3e-3 -1E2\n';

describe('text', () => {
  it.each<[string, string, WordVectorOptions]>([
    ['GloVe', glove, {}],
    ['word2vec, with its blank at each end', `3 2\n${glove.replaceAll('\n', ' \n')}`, {}],
    ['CRLF, a byte order mark and no last line feed', `\ufeff${glove.replaceAll('\n', '\r\n').trimEnd()}`, {}],
    ['blank lines at the end', `${glove}\n\n`, {}],
  ])('%s', async (_, text, options) => {
    const found = await load(text, options);
    expect(found).toMatchObject(expected);
    expect(found.vectors.data).toEqual(Float32Array.of(1, -0.5, 2, 0.25, 3e-3, -100));
    expect(await load(await gzip(new TextEncoder().encode(text)), options)).toEqual(found);
  });

  it('words may be numbers, have blanks inside, and be of any script', async () => {
    expect((await load('1 1 2\n. . 3 4\nat name@a.b 5 6\n語 7 8\n\u00a0 9 9\n')).words).toEqual([
      '1',
      '. .',
      'at name@a.b',
      '語',
      '\u00a0',
    ]);
    expect((await load('400 1\n401 2\n', { format: 'glove' })).shape).toEqual([2, 1]);
  });

  it('only the first words on request; what follows is not looked at', async () => {
    expect(await load('9 2\nthe 1 2\nof 3 4\na b c\n', { maxWords: 2 })).toMatchObject({ words: ['the', 'of'] });
    expect(await failure(glove, { maxWords: 0 })).toContain('E_CONFIG maxWords is 0');
  });

  it.each<[string, string, WordVectorOptions?]>([
    ['a 1 2\nb 1\n', 'dir/vectors.txt:2 has 1 values, 2 are needed'],
    ['a 1 2\nb 1 2 3\n', 'dir/vectors.txt:2 has 3 values, 2 are needed'],
    ['a 1 2\nb 1  2\n', 'dir/vectors.txt:2 has 3 values, 2 are needed'],
    ['2 2\na 1 2\nb 1\n', 'dir/vectors.txt:3 has 1 values, 2 are needed'],
    ['a 1 2\nb 1 x\n', 'dir/vectors.txt:2 has "x" as value 2, which is no number'],
    ['a 1 0x10\n', 'dir/vectors.txt:1 has "0x10" as value 2, which is no number'],
    ['a 1 nan\n', 'dir/vectors.txt:1 has "nan" as value 2, which is no number'],
    ['a 1 1e39\n', 'dir/vectors.txt:1 has Infinity as value 2, a finite number is needed'],
    ['a 1 2\nb 1 2\na 1 2\n', 'dir/vectors.txt:3 repeats the word "a", which is number 1'],
    ['a 1 2\n\nb 1 2\n', 'dir/vectors.txt:2 is empty'],
    [' 1 2\n', 'dir/vectors.txt:1 begins with a blank'],
    ['a\n', 'dir/vectors.txt:1 has "a" and no value'],
    ['', 'dir/vectors.txt is empty'],
    ['\n\n', 'dir/vectors.txt is empty'],
    ['3 2\n', 'dir/vectors.txt ends after 0 of the 3 words'],
    ['3 2\na 1 2\n', 'dir/vectors.txt ends after 1 of the 3 words'],
    ['1 2\na 1 2\nb 1 2\n', 'dir/vectors.txt:3 is one more than the 1 words'],
    ['a 1 2\n', 'dir/vectors.txt:1 holds "a 1 2", the number of words and of dimensions', { format: 'word2vec' }],
    ['1 0\n', 'dir/vectors.txt:1 holds "1 0"'],
    ['x'.repeat(3 << 20), 'dir/vectors.txt:1 is longer than 1048576 bytes'],
  ])('refuses %j', async (text, message, options = {}) => {
    expect(await failure(text, options)).toContain(`E_WORD_VECTORS ${message}`);
  });

  it('names the line that is not UTF-8, and gzip that is cut off', async () => {
    const bytes = new TextEncoder().encode(glove);
    bytes[12] = 0xff;
    expect(await failure(bytes)).toContain('E_FILE_ENCODING dir/vectors.txt:2 ');
    const packed = await gzip(new TextEncoder().encode(glove));
    expect(await failure(packed.slice(0, -9))).toContain('E_FILE_COMPRESSED dir/vectors.txt is gzip that is damaged');
    expect(await failure(Uint8Array.of(0x1f, 0x8b, 1, 2))).toContain('E_FILE_COMPRESSED');
  });

  it('a missing file and an aborted signal are what they are', async () => {
    const storage = new MemoryStorage();
    await expect(loadWordVectors(storage, 'a.txt')).rejects.toMatchObject({ code: 'E_FILE_MISSING' });
    await writeFile(storage, 'a.txt', await gzip(new TextEncoder().encode(glove)));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(loadWordVectors(storage, 'a.txt', { signal })).rejects.toThrow('enough');
  });
});

describe('word2vec binary', () => {
  it.each(['\n', ''])('with %j behind the values, plain and gzip', async (end) => {
    const words = { the: [1, -0.5], of: [2, 0], york: [3e-3, 1] };
    const found = await load(binary(words, { end }), {}, 'vectors.bin');
    expect(found).toMatchObject({ words: Object.keys(words), shape: [3, 2] });
    expect(found.vectors.data).toEqual(Float32Array.from(Object.values(words).flat()));
    expect(await load(await gzip(binary(words, { end })), {}, 'vectors.bin.gz')).toEqual(found);
    expect(await load(binary(words, { end }), { format: 'word2vec-binary', maxWords: 2 })).toMatchObject({
      words: ['the', 'of'],
    });
  });

  it.each<[string, Uint8Array, string]>([
    ['cut off', binary({ a: [1, 2], b: [3, 4] }).slice(0, -4), 'dir/v.bin: word 2 of 2 has 5 bytes of values, 8 are'],
    ['fewer words', binary({ a: [1, 2] }, { header: '2 2' }), 'dir/v.bin: word 2 of 2 is not there'],
    ['more words', binary({ a: [1, 2], b: [3, 4] }, { header: '1 2' }), 'dir/v.bin goes on after the 1 words'],
    ['not finite', binary({ a: [1, Number.NaN] }), 'dir/v.bin: word 1 of 1 has NaN as value 2'],
    ['no header', binary({ a: [1, 2] }, { header: 'one two' }), 'dir/v.bin:1 holds "one two"'],
    ['a huge width', binary({ a: [1, 2] }, { header: '1 1000000000' }), 'dir/v.bin:1 holds "1 1000000000"'],
    ['no word', binary({ a: [1, 2] }, { header: '0 2' }), 'dir/v.bin goes on after the 0 words'],
    ['nothing', new Uint8Array(0), 'dir/v.bin:1 is not there'],
  ])('refuses: %s', async (_, bytes, message) => {
    expect(await failure(bytes, {}, 'v.bin')).toContain(`E_WORD_VECTORS ${message}`);
  });

  it('a word twice', async () => {
    const once = binary({ a: [1, 2] }, { header: '2 2' });
    const twice = Uint8Array.from([...once, ...once.slice(4)]);
    expect(await failure(twice, {}, 'v.bin')).toContain('word 2 of 2 repeats the word "a", which is number 1');
  });
});

describe.skipIf(skipsGolden)('GloVe 6B, 50 dimensions, 40,000 words', () => {
  const storage = nodeStorage(sharedPath('models/glove-6b-50d'));

  it('is read as it is printed', async () => {
    const { vocabulary, vectors } = await loadWordVectors(storage, 'glove.6B.50d.40k.txt.gz');
    expect(vectors.type).toEqual({ shape: [40_000, 50], dtype: 'f32' });
    expect([...vocabulary.keys()].slice(0, 4)).toEqual(['the', ',', '.', 'of']);
    expect(vectors.data.slice(0, 3)).toEqual(Float32Array.of(0.418, 0.24968, -0.41242));
    expect(vectors.data.slice(50, 52)).toEqual(Float32Array.of(0.013441, 0.23682));
    const row = (word: string) =>
      Array.from(vectors.data.subarray(vocabulary.get(word)! * 50, vocabulary.get(word)! * 50 + 50));
    const dot = (a: string, b: string) => row(a).reduce((sum, value, index) => sum + value * row(b)[index]!, 0);
    const cosine = (a: string, b: string) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    expect(cosine('king', 'queen')).toBeGreaterThan(cosine('king', 'cabbage') + 0.3);
  });

  it('stops after the words that are wanted', async () => {
    const { vocabulary } = await loadWordVectors(storage, 'glove.6B.50d.40k.txt.gz', { maxWords: 10 });
    expect(vocabulary.size).toBe(10);
  });
});
