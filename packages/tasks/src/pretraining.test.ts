/** What pre-training adds to data: packed rows, targets at positions, a teacher's vectors, and texts that are kept out. */
import { embedTexts, encodeTexts, overlapWith, packEncodings, rows, withRowField } from '@attune/data';
import { loadTokenizer, MemoryStorage, saveBertTokenizer } from '@attune/hub';
import { describe, expect, it } from 'vitest';
import { encodeMaskedLanguageModeling } from './masked-language-modeling.js';

const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c', 'd', '##a', '##b', '##c', '##d'];

async function tokenizer() {
  const storage = new MemoryStorage();
  await saveBertTokenizer(storage, pieces);
  return loadTokenizer(storage);
}

const encoding = (text: readonly number[]) => ({
  ids: [101, ...text, 102],
  typeIds: [0, ...text.map(() => 0), 0],
  wordIds: [null, ...text.map((_, index) => index), null],
});

describe('packing', () => {
  const packed = packEncodings([encoding([1, 2]), encoding([]), encoding([3, 4, 5, 6, 7, 8]), encoding([9])], 6);

  it('fills rows, with the special tokens of each text, and goes on in the next row', () => {
    expect(packed.map(({ ids }) => ids)).toEqual([
      [101, 1, 2, 102, 3, 102],
      [101, 4, 5, 6, 7, 102],
      [101, 8, 102, 9, 102],
    ]);
    expect(packed[0]!.wordIds).toEqual([null, 0, 1, null, 0, null]);
  });

  it('knows the first text of a row', () => {
    expect(packed.map(({ first }) => first)).toEqual([0, 2, 2]);
  });
});

describe('masked language modelling at positions', () => {
  const texts = rows(Array.from({ length: 40 }, (_, index) => ({ text: 'ab c d abcd b a'.slice(index % 5) })));

  it('batches name the tokens that are asked for, and every row is full', async () => {
    const options = { maxLength: 16, packed: true, predictions: 4 };
    const { dataset, examples } = await encodeMaskedLanguageModeling(texts, await tokenizer(), options);
    expect(examples.slice(0, -1).every(({ ids }) => ids.length === 16)).toBe(true);
    const { tensors } = dataset.batches({ batchSize: 2, shuffle: { seed: 0, epoch: 0 } })[0]!();
    expect(tensors.predictionPositions!.type).toEqual({ shape: [2, 4], dtype: 'i32' });
    const plain = await encodeMaskedLanguageModeling(texts, await tokenizer(), { maxLength: 16, packed: true });
    const all = plain.dataset.batches({ batchSize: 2, shuffle: { seed: 0, epoch: 0 } })[0]!().tensors;
    expect(tensors.inputIds).toEqual(all.inputIds);
    for (let row = 0; row < 2; row++) {
      const targets = [...all.labels!.data.subarray(row * 16, row * 16 + 16)].flatMap((label, at) =>
        label === -100 ? [] : [[label, at]],
      );
      for (let target = 0; target < 4; target++) {
        const [label, at] = targets[target] ?? [-100, 0];
        expect(tensors.labels!.data[row * 4 + target]).toBe(label);
        expect(tensors.predictionPositions!.data[row * 4 + target]).toBe(at);
      }
    }
  });

  it('refuses a number of predictions that is none', async () => {
    const encoded = encodeMaskedLanguageModeling(texts, await tokenizer(), { maxLength: 16, predictions: 0 });
    await expect(encoded).rejects.toMatchObject({ code: 'E_CONFIG', field: 'predictions' });
  });
});

describe("a teacher's vectors", () => {
  const texts = ['a', 'b c d', 'ab', 'c', 'd a'];

  it('come with the rows of their texts; rows that fill up a batch have none', async () => {
    const { dataset } = await encodeTexts(rows(texts.map((text) => ({ text }))), await tokenizer(), { maxLength: 8 });
    const values = Float32Array.from({ length: 10 }, (_, index) => index);
    const taught = withRowField(dataset, 'teacherEmbeddings', { width: 2, values, fingerprint: 'x' });
    expect(taught.fingerprint).not.toBe(dataset.fingerprint);
    for (const make of taught.batches({ batchSize: 3 })) {
      const { tensors, indices } = make();
      expect([...tensors.teacherEmbeddings!.data]).toEqual(
        [0, 1, 2].flatMap((row) => (row < indices.length ? [2 * indices[row]!, 2 * indices[row]! + 1] : [NaN, NaN])),
      );
    }
    const fewer = { width: 2, values: values.slice(2), fingerprint: 'x' };
    expect(() => withRowField(dataset, 'teacherEmbeddings', fewer)).toThrow(/4 vectors for 5 examples/);
  });

  it('are made once and kept in files; another teacher or other texts are made anew', async () => {
    const cache = new MemoryStorage();
    let calls = 0;
    const predictor = {
      async outputs(dataset: { readonly length: number }) {
        calls++;
        return Array.from({ length: dataset.length }, (_, index) => Float32Array.of(index, calls));
      },
    };
    const options = { tokenizer: await tokenizer(), maxLength: 8, cache, teacher: 't', textsPerFile: 2 };
    const first = await embedTexts(texts, predictor, options);
    expect([...first.values]).toEqual([0, 1, 1, 1, 0, 2, 1, 2, 0, 3]);
    expect(await embedTexts(texts, predictor, options)).toEqual(first);
    expect(calls).toBe(3);
    await embedTexts([...texts.slice(0, 4), 'other'], predictor, options);
    expect(calls).toBe(4);
    expect((await embedTexts(texts, predictor, { ...options, teacher: 'u' })).fingerprint).not.toBe(first.fingerprint);
    expect(calls).toBe(7);
  });
});

it('texts that share a run of words with an evaluation are told, whatever their case and punctuation', () => {
  const isReserved = overlapWith(['The cat sat on the mat, and then it ran away.', 'A good film indeed!', 'so good']);
  expect(isReserved('they say "on the mat and then it ran away" often')).toBe(true);
  expect(isReserved('it is a GOOD film, indeed')).toBe(true);
  expect(isReserved('the cat sat on the mat and that was so good')).toBe(false);
});
