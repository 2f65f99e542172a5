import { MemoryStorage, readJson } from '@attune/hub';
import { beforeAll, describe, expect, test } from 'vitest';
import { readAttuneFile } from './attune-file.js';
import { maskedLanguageModel, questionAnswering, sequenceClassification, tokenClassification } from './loaders.js';
import type { TaskModel } from './task-model.js';
import { tinyBert, tinyVocabulary } from './testing/tiny-bert.js';

let directory: MemoryStorage;
beforeAll(async () => {
  directory = await tinyBert();
});

const describedBy = async (model: TaskModel<unknown, never>) => {
  const target = new MemoryStorage();
  await model.describe(target);
  return readAttuneFile(target);
};

describe('a tagger', () => {
  const tags = ['B-loc', 'I-loc', 'O'];

  test('finds entities with their places, also where windows over a long text meet', async () => {
    const model = await tokenClassification(directory, { labels: tags, maxLength: 16 });
    const text = `${'the cat sat on the mat '.repeat(4)}in Bonn`;
    const [encoded] = await model.text!.encode([text]);
    expect(encoded!.rows.length).toBeGreaterThan(1);
    const outputs = encoded!.rows.map(({ ids }) => ({
      logits: Float32Array.from(ids.flatMap((id) => (id === tinyVocabulary.bonn ? [9, 0, 0] : [0, 0, 9]))),
    }));
    const entities = encoded!.answer(outputs);
    expect(entities).toEqual([
      { label: 'loc', text: 'Bonn', start: text.length - 4, end: text.length, score: expect.closeTo(1, 3) },
    ]);
    const everywhere = encoded!.answer(
      encoded!.rows.map(({ ids }) => ({ logits: Float32Array.from(ids.flatMap(() => [9, 0, 0])) })),
    );
    expect(everywhere.map((entity) => entity.text).join(' ')).toBe(text);
  });

  test('says what it is', async () => {
    const model = await tokenClassification(directory, { labels: tags, maxLength: 16 });
    expect(await describedBy(model)).toEqual({
      task: 'token-classification',
      labels: tags,
      maxLength: 16,
      baseSha256: await model.weightsHash(),
    });
    const target = new MemoryStorage();
    await model.save(target);
    expect(await readJson(target, 'config.json')).toMatchObject({
      architectures: ['BertForTokenClassification'],
      id2label: { 0: 'B-loc', 1: 'I-loc', 2: 'O' },
    });
  });
});

describe('a reader', () => {
  test('answers from the window that holds the answer', async () => {
    const model = await questionAnswering(directory, { maxLength: 24 });
    const context = `${'the cat sat on the mat. '.repeat(5)}Paris is good.`;
    const [encoded] = await model.text!.encode([{ question: 'where is the cat?', context }]);
    const logitsOf = (ids: readonly number[]) => Float32Array.from(ids, (id) => (id === tinyVocabulary.paris ? 5 : 0));
    const outputs = encoded!.rows.map(({ ids }) => ({ startLogits: logitsOf(ids), endLogits: logitsOf(ids) }));
    const answer = encoded!.answer(outputs);
    expect(answer).toMatchObject({ text: 'Paris', start: context.indexOf('Paris') });
    expect(answer.score).toBeGreaterThan(0.5);
    expect(await describedBy(model)).toEqual({
      task: 'question-answering',
      maxLength: 24,
      baseSha256: await model.weightsHash(),
    });
  });

  test('gives no answer only where it may', async () => {
    for (const handleImpossibleAnswer of [true, false]) {
      const model = await questionAnswering(directory, { handleImpossibleAnswer });
      const [encoded] = await model.text!.encode([{ question: 'where?', context: 'the cat' }]);
      const logits = Float32Array.from(encoded!.rows[0]!.ids, (_, index) => (index === 0 ? 9 : 0));
      const { text } = encoded!.answer([{ startLogits: logits, endLogits: logits }]);
      expect(text === '').toBe(handleImpossibleAnswer);
    }
  });

  test('refuses a question that leaves no room for the context', async () => {
    const model = await questionAnswering(directory, { maxLength: 12 });
    const question = 'where is the very good cat on the very bad mat?';
    await expect(model.text!.encode([{ question, context: 'the cat' }])).rejects.toMatchObject({ code: 'E_TOO_LONG' });
  });
});

describe('a masked language model', () => {
  test('gives the likeliest tokens of each mask', async () => {
    const model = await maskedLanguageModel(directory, { topK: 2 });
    const [encoded] = await model.text!.encode(['the [MASK] sat on the [MASK].']);
    const { ids } = encoded!.rows[0]!;
    const width = Object.keys(tinyVocabulary).length;
    const logits = new Float32Array(ids.length * width);
    const masks = ids.flatMap((id, position) => (id === tinyVocabulary['[MASK]'] ? [position] : []));
    logits[masks[0]! * width + tinyVocabulary.cat!] = 20;
    logits[masks[1]! * width + tinyVocabulary.mat!] = 20;
    const filled = encoded!.answer([{ logits }]);
    expect(filled.map(({ tokens }) => tokens[0]?.token)).toEqual(['cat', 'mat']);
    expect(filled[0]!.tokens).toHaveLength(2);
    expect(filled[0]!.tokens[0]!.score).toBeCloseTo(1, 4);
    expect(await describedBy(model)).toEqual({
      task: 'masked-language-modeling',
      maxLength: 64,
      baseSha256: await model.weightsHash(),
    });
  });

  test('refuses a text without a mask', async () => {
    const model = await maskedLanguageModel(directory);
    await expect(model.text!.encode(['the cat'])).rejects.toMatchObject({
      code: 'E_DATA',
      field: 'text',
      message: expect.stringContaining('There is no [MASK]'),
    });
  });
});

describe('a classifier', () => {
  test.each([
    ['multi_label_classification', ['bad', 'good']],
    ['regression', ['LABEL_0']],
  ] as const)('of the problem type %s says so in config.json and attune.json', async (problemType, labels) => {
    const model = await sequenceClassification(directory, {
      problemType,
      ...(problemType === 'regression' ? {} : { labels }),
    });
    const target = new MemoryStorage();
    await model.save(target);
    expect(await readJson(target, 'config.json')).toMatchObject({
      problem_type: problemType,
      id2label: Object.fromEntries(labels.map((name, id) => [id, name])),
    });
    expect(await describedBy(model)).toMatchObject({ task: 'sequence-classification', problemType, labels });
    expect(await sequenceClassification(target)).toMatchObject({ problemType, labels, created: [] });
  });

  test('field 32: of three numbers is saved and read with their names, and answers them in their order', async () => {
    const labels = ['joy', 'anger', 'fear'];
    const model = await sequenceClassification(directory, { problemType: 'regression', labels });
    const target = new MemoryStorage();
    await model.save(target);
    const config = await readJson(target, 'config.json');
    expect(config).toMatchObject({ problem_type: 'regression', id2label: { 0: 'joy', 1: 'anger', 2: 'fear' } });
    expect(await describedBy(model)).toMatchObject({ problemType: 'regression', labels });
    const again = await sequenceClassification(target);
    expect(again).toMatchObject({ problemType: 'regression', labels, created: [] });
    const [encoded] = await again.text!.encode(['the cat']);
    const scores = [-1, 2, 0.5].map((score, index) => ({ label: labels[index], score }));
    expect(encoded!.answer([{ logits: Float32Array.of(-1, 2, 0.5) }])).toEqual({ ...scores[0], labels: scores });
  });

  test('of several classes becomes a regression with a new head', async () => {
    const target = new MemoryStorage();
    await (await sequenceClassification(directory, { labels: ['a', 'b', 'c'] })).save(target);
    const model = await sequenceClassification(target, { problemType: 'regression' });
    expect(model).toMatchObject({ labels: ['LABEL_0'], created: ['classifier.weight', 'classifier.bias'] });
  });
});

test('more tokens than there are positions, for every task', async () => {
  for (const load of [tokenClassification, questionAnswering, maskedLanguageModel, sequenceClassification]) {
    await expect(load(directory, { maxLength: 65 })).rejects.toMatchObject({ code: 'E_TOO_LONG', field: 'maxLength' });
  }
});
