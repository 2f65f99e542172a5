/** Sentence embeddings from pairs, from scored pairs and from texts alone. */
import { onnx } from '@attune/backend-onnx';
import { type TrainEvent, Trainer } from '@attune/core';
import { csv, rows, textSource } from '@attune/data';
import { MemoryStorage, readJson, writeJson } from '@attune/hub';
import { openModel } from '@attune/inference';
import { loadTaskModel } from '@attune/models';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { full, lora } from '@attune/strategies';
import { attuneFailure } from '@attune/testing/attune-failure';
import { beforeAll, describe, expect, test } from 'vitest';
import { trainedTasks } from './list.js';
import type { SentenceSimilarityOptions } from './sentence-similarity.js';

const task = trainedTasks['sentence-similarity'];
const backend = onnx({ threads: 1 });
const dropout = { hidden: 0, attention: 0, classifier: 0 };
const triplets = rows(
  ['cat', 'dog', 'mat'].flatMap((word) =>
    ['bonn', 'paris'].map((place) => ({
      text: `the ${word} is in ${place}`,
      textPair: `in ${place} sat the ${word}`,
      negatives: [`the ${word} is good`],
    })),
  ),
  { name: 'triplets' },
);
const pairs = rows(
  (await triplets.toArray()).map(({ text, textPair }) => ({ text, textPair: textPair ?? '' })),
  {
    name: 'pairs',
  },
);
const alone = rows(
  (await triplets.toArray()).map(({ text }) => ({ text })),
  { name: 'alone' },
);
const scored = csv(
  textSource('scored.csv', 'a,b,s\nthe cat,the cat,5\nthe cat,in bonn,1\nin paris,in bonn,4\nthe dog,paris,0\n'),
  {
    text: 'a',
    textPair: 'b',
    numbers: 's',
  },
);

let directory: MemoryStorage;
beforeAll(async () => {
  directory = await tinyBert();
});
const load = (options: SentenceSimilarityOptions = {}) =>
  loadTaskModel(directory, task, { ...options, dropout, maxLength: 16 });

test('batches hold all first texts, then all second ones, and no rows that fill them up', async () => {
  const { dataset } = await (await load()).encode(triplets);
  const sizes = dataset.batches({ batchSize: 4 }).map((make) => {
    const { tensors, indices } = make();
    expect(tensors.labels?.type.shape).toEqual([indices.length]);
    return [indices.length, tensors.inputIds?.type.shape[0]];
  });
  expect(sizes).toEqual([
    [4, 12],
    [2, 6],
  ]);
});

describe('learns, and what is saved embeds', () => {
  test.each([
    ['multiple-negatives-ranking', triplets, lora({ r: 4 })],
    ['multiple-negatives-ranking', pairs, full()],
    ['cosent', scored, full()],
    ['simcse', alone, full()],
  ] as const)('%s', async (objective, train, strategy) => {
    const model = await load({ objective });
    await using trainer = new Trainer({
      ...{ model, train, evaluation: scored, strategy, backend },
      ...{ learningRate: 1e-2, numTrainEpochs: 10, perDeviceTrainBatchSize: 4, evalStrategy: 'epoch', seed: 0 },
    });
    const events: TrainEvent[] = [];
    // Ranking and SimCSE measure with their own loss on scored pairs.
    for await (const event of trainer.train()) events.push(event);
    const losses = events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
    const [first = 0, last = 0] = [losses[0], losses.at(-1)];
    if (objective !== 'simcse') expect(last).toBeLessThan(first);
    const metrics = events.flatMap((event) => (event.type === 'evaluation' ? [event.metrics] : [])).at(-1) ?? {};
    expect(Math.abs(metrics.spearman ?? 9)).toBeLessThanOrEqual(1);
    if (objective === 'cosent') expect(metrics.spearman).toBeGreaterThan(0.9);
    const saved = new MemoryStorage('saved');
    await trainer.save(saved);
    expect(await readJson(saved, 'attune.json')).toMatchObject({ task: 'sentence-similarity', maxLength: 16 });
    expect(await readJson(saved, '1_Pooling/config.json')).toMatchObject({ pooling_mode_mean_tokens: true });
    expect(await readJson(saved, 'sentence_bert_config.json')).toMatchObject({ max_seq_length: 16 });
    const own = await trainer.predict('the cat is in bonn');
    await using opened = await openModel(saved, { backend, ...(strategy.name === 'lora' ? { base: directory } : {}) });
    const [vector] = await opened.embed(['the cat is in bonn']);
    for (const [index, value] of own.entries()) expect(vector?.[index]).toBeCloseTo(value, 4);
  });
});

describe('data that an objective does not learn from', () => {
  test.each<[SentenceSimilarityOptions['objective'], typeof alone, RegExp, RegExp]>([
    [
      'multiple-negatives-ranking',
      alone,
      /alone has no pairs, which multiple-negatives-ranking needs/,
      /--objective simcse/,
    ],
    ['cosent', alone, /no pairs/, /--anchor-column/],
    ['cosent', pairs, /pairs has no scores, which cosent needs/, /--score-column/],
    ['cosent', triplets, /3 texts in a row/, /multiple-negatives-ranking/],
    ['cosine-similarity', scored, /scores up to 5, and a cosine is at most 1/, /--objective cosent/],
  ])('%s', async (objective, data, message, hint) => {
    const model = await load({ objective });
    for (const attempt of [model.check(data), model.encode(data)]) {
      const error = await attuneFailure(attempt);
      expect(error).toMatchObject({ code: 'E_DATA', field: 'objective', file: data.name });
      expect(error.message).toMatch(message);
      expect(error.hint).toMatch(hint);
    }
  });

  test('rows without a partner or a number are listed', async () => {
    const model = await load({ objective: 'cosent' });
    const table = 'a,b,s\nthe cat,the dog,1\nthe cat, ,2\nthe cat,the mat,x\n';
    const data = csv(textSource('bad.csv', table), { text: 'a', textPair: 'b', numbers: 's' });
    const error = await attuneFailure(model.encode(data));
    expect(error).toMatchObject({ code: 'E_DATA_ROWS' });
    expect(error.message).toMatch(/bad\.csv:3 has not 2 texts\nbad\.csv:4 has no number for a score/);
  });

  test('ranking says that it reads no scores', async () => {
    const { warnings } = await (await load()).encode(scored);
    expect(warnings).toEqual([expect.stringMatching(/scores, which multiple-negatives-ranking does not read/)]);
  });
});

test('a model with cls pooling is trained by its first token', async () => {
  await writeJson(directory, '1_Pooling/config.json', { pooling_mode_cls_token: true });
  const model = await load();
  expect(model.text?.outputNames).toEqual(['firstToken']);
  const target = new MemoryStorage();
  await model.describe(target);
  expect(await readJson(target, '1_Pooling/config.json')).toMatchObject({ pooling_mode_cls_token: true });
});
