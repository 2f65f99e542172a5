/** Every task trains under every strategy, saves, resumes to the same weights, and answers, on a tiny BERT. */
import { onnx } from '@attune/backend-onnx';
import { type TokenizedDataset, Trainer } from '@attune/core';
import { padRows, softmaxOf } from '@attune/core/internal';
import { LabelMap, questionsJsonl, rows, taggedJsonl, textSource } from '@attune/data';
import { encodeMultiLabel, encodeRegression } from '@attune/data/internal';
import { MemoryStorage } from '@attune/hub';
import type { HostTensor } from '@attune/ir';
import {
  maskedLanguageModel,
  questionAnswering,
  sequenceClassification,
  type TaskModel,
  tokenClassification,
} from '@attune/models';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { encodeMaskedLanguageModeling, encodeQuestionAnswering, encodeTokenClassification } from '@attune/tasks';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadAdapter } from './adapters/load.js';
import { full } from './full.js';
import { head } from './head.js';
import { lora } from './lora.js';
import { type ReferenceEvaluation, type ReferenceRow, referenceEvaluation } from './testing/reference-evaluation.js';

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
  /** Some of the task's metrics, written out. */
  metrics(evaluation: ReferenceEvaluation): Readonly<Record<string, number>>;
}

const mean = (values: readonly (number | boolean)[]): number =>
  values.reduce<number>((sum, value) => sum + Number(value), 0) / values.length;
const numbersOf = (tensor: HostTensor | undefined): readonly number[] => Array.from(tensor?.data ?? []);
/** The place of the largest number of each group. */
const largest = (values: readonly number[], width: number): readonly number[] =>
  Array.from({ length: values.length / width }, (_, group) => {
    const own = values.slice(group * width, (group + 1) * width);
    return own.indexOf(Math.max(...own));
  });

/** The first and last token of the context's likeliest span. */
function bestSpan({ fields, outputs }: ReferenceRow): readonly number[] {
  const [types, masks] = [numbersOf(fields.tokenTypeIds), numbersOf(fields.attentionMask)];
  const [starts, ends] = [numbersOf(outputs.startLogits), numbersOf(outputs.endLogits)];
  // The last token of the context's part is its separator.
  const context = types.flatMap((type, token) => (type === 1 && masks[token] === 1 ? [token] : [])).slice(0, -1);
  const spans = context.flatMap((from) => context.filter((to) => to >= from).map((to) => [from, to] as const));
  const score = ([from, to]: readonly [number, number]) => starts[from]! + ends[to]!;
  return spans.reduce((best, span) => (score(span) > score(best) ? span : best));
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
    const { dataset: train } = await encodeMultiLabel(texts, model.tokenizer, new LabelMap(labels), options);
    return {
      model,
      train,
      metrics({ rows: all }) {
        const right = all.map(({ fields, outputs }) => {
          const truth = numbersOf(fields.labels);
          return numbersOf(outputs.logits).map((logit, label) => logit > 0 === (truth[label] === 1));
        });
        return {
          subsetAccuracy: mean(right.map((each) => each.every(Boolean))),
          hammingLoss: 1 - mean(right.flat()),
        };
      },
    };
  },
  async regression(directory) {
    const model = await sequenceClassification(directory, { ...options, problemType: 'regression' });
    const texts = rows(sentences.map((text) => ({ text, label: text.includes('cat') ? '2' : '-1' })));
    return {
      model,
      train: (await encodeRegression(texts, model.tokenizer, options)).dataset,
      metrics({ rows: all }) {
        const errors = all.map(({ fields, outputs }) => numbersOf(outputs.logits)[0]! - numbersOf(fields.labels)[0]!);
        return {
          meanSquaredError: mean(errors.map((error) => error ** 2)),
          meanAbsoluteError: mean(errors.map(Math.abs)),
        };
      },
    };
  },
  async 'token classification'(directory) {
    const labels = ['B-loc', 'O'];
    const model = await tokenClassification(directory, { ...options, labels });
    const data = sentences.map((text) => {
      const tokens = text.split(' ');
      return { tokens, tags: tokens.map((token) => (places.includes(token) ? 'B-loc' : 'O')) };
    });
    const encoded = encodeTokenClassification(taggedJsonl(lines(data)), model.tokenizer, new LabelMap(labels), options);
    return {
      model,
      train: (await encoded).dataset,
      metrics({ rows: all }) {
        const right = all.flatMap(({ fields, outputs }) => {
          const guesses = largest(numbersOf(outputs.logits), labels.length);
          return numbersOf(fields.labels).flatMap((tag, token) => (tag < 0 ? [] : [tag === guesses[token]]));
        });
        return { accuracy: mean(right) };
      },
    };
  },
  async 'question answering'(directory) {
    const model = await questionAnswering(directory, options);
    const data = sentences.map((context) => {
      const place = places.find((each) => context.includes(each))!;
      return { question: 'where?', context, answers: { text: [place], answer_start: [context.indexOf(place)] } };
    });
    const encoded = encodeQuestionAnswering(questionsJsonl(lines(data)), model.tokenizer, { ...options, stride: 4 });
    return {
      model,
      train: (await encoded).dataset,
      metrics({ rows: all }) {
        const right = all.map((row) => {
          const wanted = [row.fields.startPositions, row.fields.endPositions].flatMap(numbersOf);
          return bestSpan(row).join() === wanted.join();
        });
        return { exactMatch: mean(right) };
      },
    };
  },
  async 'masked language modelling'(directory) {
    const model = await maskedLanguageModel(directory, options);
    const texts = rows(sentences.map((text) => ({ text })));
    return {
      model,
      train: (await encodeMaskedLanguageModeling(texts, model.tokenizer, options)).dataset,
      metrics: ({ loss }) => ({ perplexity: Math.exp(loss) }),
    };
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
    const { objective } = setup.model;
    const reference = referenceEvaluation(setup.train, objective, trainer.adapted, await trainer.weights());
    const wanted = { loss: reference.loss, ...setup.metrics(reference) };
    for (const [name, value] of Object.entries(wanted)) expect(after[name], name).toBeCloseTo(value, 4);
    await trainer.save();

    const again = await tasks[task]!(directory);
    await using resumed = trainerOf(again, strategy, output);
    for await (const _ of resumed.train({ resume: checkpoint }));
    const [weights, other] = [await trainer.weights(), await resumed.weights()];
    for (const name of trainer.adapted.trainable) expect(other.get(name), name).toEqual(weights.get(name));

    if (strategy !== 'lora') return;
    const { weights: saved } = await loadAdapter(output, setup.model.model);
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
  const text = 'the [MASK] is in bonn';
  const [mask] = await trainer.predict(text);
  const [{ ids, typeIds } = { ids: [], typeIds: [] }] = await model.tokenizer.encode([text]);
  const fields = padRows([{ ids, typeIds }], { length: ids.length, batchSize: 1, padTokenId: 0 });
  const logits = forwardOutputs(model.model, model.weights, fields).get('logits');
  const width = logits!.type.shape.at(-1)!;
  const odds = softmaxOf(Float32Array.from(logits!.data.subarray(2 * width, 3 * width)));
  const likeliest = Array.from(odds.keys()).sort((one, other) => odds[other]! - odds[one]!);
  expect(mask?.tokens).toEqual(
    likeliest.slice(0, 3).map((id) => ({ token: model.tokenizer.token(id), score: expect.closeTo(odds[id]!, 5) })),
  );
});
