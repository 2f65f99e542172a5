/** Every task trains under every strategy, saves, resumes to the same weights, and answers, on a tiny BERT. */
import { onnx } from '@attune/backend-onnx';
import { type TokenizedDataset, Trainer } from '@attune/core';
import {
  encodeMaskedLanguageModeling,
  encodeMultiLabel,
  encodeQuestionAnswering,
  encodeRegression,
  encodeTokenClassification,
  LabelMap,
  questionsJsonl,
  rows,
  taggedJsonl,
  textSource,
} from '@attune/data';
import { MemoryStorage } from '@attune/hub';
import {
  maskedLanguageModel,
  questionAnswering,
  sequenceClassification,
  type TaskModel,
  tokenClassification,
} from '@attune/models';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { beforeAll, describe, expect, test } from 'vitest';
import { full } from './full.js';
import { head } from './head.js';
import { loadLora } from './lora/load.js';
import { lora } from './lora/lora.js';

const places = ['bonn', 'paris'];
const animals = ['cat', 'dog'];
const sentences = places.flatMap((place) => animals.map((animal) => `the ${animal} is in ${place}`));
const lines = (objects: readonly unknown[]) =>
  textSource('data.jsonl', objects.map((each) => JSON.stringify(each)).join('\n'));
const noDropout = { hidden: 0, attention: 0, classifier: 0 };
const options = { maxLength: 32, dropout: noDropout };

interface Case {
  readonly model: TaskModel<unknown, never>;
  readonly train: TokenizedDataset;
}

const tasks: Readonly<Record<string, (directory: MemoryStorage) => Promise<Case>>> = {
  async 'several labels'(directory) {
    const labels = [...animals, ...places];
    const model = await sequenceClassification(directory, {
      ...options,
      labels,
      problemType: 'multi_label_classification',
    });
    const texts = rows(sentences.map((text) => ({ text, labels: labels.filter((label) => text.includes(label)) })));
    return { model, train: (await encodeMultiLabel(texts, model.tokenizer, new LabelMap(labels), options)).dataset };
  },
  async regression(directory) {
    const model = await sequenceClassification(directory, { ...options, problemType: 'regression' });
    const texts = rows(sentences.map((text) => ({ text, label: text.includes('cat') ? '2' : '-1' })));
    return { model, train: (await encodeRegression(texts, model.tokenizer, options)).dataset };
  },
  async 'token classification'(directory) {
    const labels = ['B-loc', 'O'];
    const model = await tokenClassification(directory, { ...options, labels });
    const data = sentences.map((text) => {
      const tokens = text.split(' ');
      return { tokens, tags: tokens.map((token) => (places.includes(token) ? 'B-loc' : 'O')) };
    });
    const encoded = encodeTokenClassification(taggedJsonl(lines(data)), model.tokenizer, new LabelMap(labels), options);
    return { model, train: (await encoded).dataset };
  },
  async 'question answering'(directory) {
    const model = await questionAnswering(directory, options);
    const data = sentences.map((context) => {
      const place = places.find((each) => context.includes(each))!;
      return { question: 'where?', context, answers: { text: [place], answer_start: [context.indexOf(place)] } };
    });
    const encoded = encodeQuestionAnswering(questionsJsonl(lines(data)), model.tokenizer, { ...options, stride: 4 });
    return { model, train: (await encoded).dataset };
  },
  async 'masked language modelling'(directory) {
    const model = await maskedLanguageModel(directory, options);
    const texts = rows(sentences.map((text) => ({ text })));
    return { model, train: (await encodeMaskedLanguageModeling(texts, model.tokenizer, options)).dataset };
  },
};

const strategies = { full, head, lora: () => lora({ r: 4, alpha: 8 }) } as const;

let directory: MemoryStorage;
beforeAll(async () => {
  directory = await tinyBert();
});

function trainerOf({ model, train }: Case, strategy: keyof typeof strategies, output: MemoryStorage) {
  return new Trainer({
    model,
    train,
    evaluation: train,
    strategy: strategies[strategy](),
    backend: onnx({ threads: 1 }),
    outputDir: output,
    learningRate: 2e-2,
    maxSteps: 16,
    perDeviceTrainBatchSize: 2,
    evalStrategy: 'steps',
    evalSteps: 8,
    saveSteps: 8,
  });
}

describe.each(Object.keys(tasks))('%s', (task) => {
  test.each(['full', 'head', 'lora'] as const)('%s: learns, and a resumed run ends alike', async (strategy) => {
    const setup = await tasks[task]!(directory);
    const output = new MemoryStorage();
    await using trainer = trainerOf(setup, strategy, output);
    const before = await trainer.evaluate(setup.train);
    let checkpoint = '';
    for await (const event of trainer.train()) if (event.type === 'checkpoint') checkpoint ||= event.path;
    const after = await trainer.evaluate(setup.train);
    expect(after.loss).toBeLessThan(before.loss!);
    const names = setup.model.evaluator().metricNames ?? [];
    expect(Object.keys(after)).toEqual(['loss', ...names]);
    await trainer.save();

    const again = await tasks[task]!(directory);
    await using resumed = trainerOf(again, strategy, output);
    for await (const _ of resumed.train({ resume: checkpoint }));
    const [weights, other] = [await trainer.weights(), await resumed.weights()];
    for (const name of trainer.adapted.trainable) expect(other.get(name), name).toEqual(weights.get(name));

    if (strategy !== 'lora') return;
    const { weights: saved } = await loadLora(output, setup.model.model);
    for (const [name, tensor] of saved) expect(tensor, name).toEqual(weights.get(name));
  });
});

const answering = { strategy: full(), backend: onnx({ threads: 1 }) };

async function savedAfterTraining(setup: Case): Promise<MemoryStorage> {
  const output = new MemoryStorage();
  await using trainer = trainerOf(setup, 'full', output);
  for await (const _ of trainer.train());
  await trainer.save();
  return output;
}

test('a saved tagger finds entities in their places', async () => {
  const setup = await tasks['token classification']!(directory);
  const model = await tokenClassification(await savedAfterTraining(setup));
  await using trainer = new Trainer({ ...answering, model, train: setup.train });
  const entities = await trainer.predict('the dog is in Paris');
  expect(entities).toMatchObject([{ label: 'loc', text: 'Paris', start: 14, end: 19 }]);
});

test('a saved reader answers from the context', async () => {
  const setup = await tasks['question answering']!(directory);
  const model = await questionAnswering(await savedAfterTraining(setup));
  await using trainer = new Trainer({ ...answering, model, train: setup.train });
  const answer = await trainer.predict({ question: 'where?', context: 'the dog is in bonn' });
  expect(answer).toMatchObject({ text: 'bonn', start: 14, end: 18 });
});

test('a masked language model fills masks', async () => {
  const setup = await tasks['masked language modelling']!(directory);
  const model = await maskedLanguageModel(await savedAfterTraining(setup), { topK: 3 });
  await using trainer = new Trainer({ ...answering, model, train: setup.train });
  const [mask] = await trainer.predict('the [MASK] is in bonn');
  expect(mask?.tokens).toHaveLength(3);
});
