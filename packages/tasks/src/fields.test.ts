import { LabelMap, questionsJsonl, rows, textSource } from '@attune/data';
import { encodeMultiLabel } from '@attune/data/internal';
import { loadTokenizer, type Tokenizer } from '@attune/hub';
import { tinyBert, tinyVocabulary } from '@attune/models/testing/tiny-bert';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeMaskedLanguageModeling } from './masked-language-modeling.js';
import { encodeQuestionAnswering } from './question-answering.js';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(await tinyBert());
});

const questions = (...objects: readonly unknown[]) =>
  questionsJsonl(textSource('q.jsonl', objects.map((each) => JSON.stringify(each)).join('\n')));

describe('question answering', () => {
  const context = `${'the cat sat on the mat. '.repeat(4)}bonn is very good.`;
  const text = 'bonn is';
  const question = { question: 'where is the cat?', context };
  const answered = { ...question, answers: { text: [text], answer_start: [context.indexOf(text)] } };

  it('makes windows whose positions cut the answer out of the context, or mean none', async () => {
    const { examples, dataset } = await encodeQuestionAnswering(questions(answered), tokenizer, {
      maxLength: 24,
      stride: 8,
    });
    expect(examples.length).toBeGreaterThan(2);
    expect(examples.every(({ ids }) => ids.length <= 24)).toBe(true);
    const found = examples.flatMap(({ labels, window }) => {
      const { startPositions: first, endPositions: last } = labels;
      if (typeof first !== 'number' || typeof last !== 'number' || first === 0) return [];
      return [context.slice(window!.starts[first], window!.ends[last])];
    });
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found)).toEqual(new Set([text]));
    expect(examples.some(({ labels }) => labels.startPositions === 0)).toBe(true);
    const batch = dataset.batches({ batchSize: 64 })[0]!();
    expect(batch.windows).toHaveLength(examples.length);
    expect(batch.tensors.startPositions?.data.at(-1)).toBe(24);
  });

  it('has the first token for a question without an answer', async () => {
    const none = { ...question, answers: [] };
    const { examples } = await encodeQuestionAnswering(questions(none), tokenizer, { maxLength: 64, stride: 8 });
    expect(examples.map(({ labels }) => labels)).toEqual([{ startPositions: 0, endPositions: 0 }]);
  });

  it('T17: names the row of a question that leaves no room', async () => {
    const long = { ...answered, question: 'where is the very good dog on the very bad mat in the very good paris?' };
    for (const data of [questions(answered, long), questions(long)]) {
      const row = (await data.toArray()).length;
      await expect(encodeQuestionAnswering(data, tokenizer, { maxLength: 24, stride: 8 })).rejects.toMatchObject({
        code: 'E_TOO_LONG',
        file: 'q.jsonl',
        field: 'question',
        message: expect.stringContaining(`q.jsonl:${row} has too long a question`),
      });
    }
  });
});

describe('masked language modelling', () => {
  it('never changes special tokens, and always leaves something to predict', async () => {
    const texts = rows(Array.from({ length: 30 }, () => ({ text: 'cat' })));
    const { dataset } = await encodeMaskedLanguageModeling(texts, tokenizer, { maxLength: 16 });
    for (const make of dataset.batches({ batchSize: 1, shuffle: { seed: 0, epoch: 0 } })) {
      const { labels, inputIds } = make().tensors;
      expect(Array.from(labels!.data.slice(0, 3))).toEqual([-100, tinyVocabulary.cat, -100]);
      expect(inputIds!.data[0]).toBe(tinyVocabulary['[CLS]']);
    }
    expect(dataset.varies).toBe(true);
    const other = await encodeMaskedLanguageModeling(texts, tokenizer, { maxLength: 16, probability: 0.3 });
    expect(other.dataset.fingerprint).not.toBe(dataset.fingerprint);
  });

  it('goes on with a long text in the next row', async () => {
    const texts = rows([{ text: 'the cat sat on the mat in the very good bonn' }]);
    const { examples } = await encodeMaskedLanguageModeling(texts, tokenizer, { maxLength: 8 });
    expect(examples.map(({ ids }) => ids.length)).toEqual([8, 7]);
  });
});

it('several labels become a row of 0 and 1', async () => {
  const texts = rows([
    { text: 'cat', labels: ['y', 'x'] },
    { text: 'dog', labels: [] },
  ]);
  const { examples } = await encodeMultiLabel(texts, tokenizer, new LabelMap(['x', 'y', 'z']), { maxLength: 8 });
  expect(examples.map(({ labels }) => labels.labels)).toEqual([
    [1, 1, 0],
    [0, 0, 0],
  ]);
});
