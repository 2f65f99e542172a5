import { onnx } from '@attune/backend-onnx';
import { rows, type TextDataset } from '@attune/data';
import { MemoryStorage, readText, writeFile } from '@attune/hub';
import { below } from '@attune/hub/internal';
import { openModel } from '@attune/inference';
import { referenceBackend } from '@attune/ir';
import { loadModel } from '@attune/models';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { full as allTrains } from '@attune/strategies';
import { beforeAll, describe, expect, it } from 'vitest';
import { calibrationError, errorWithTemperature } from './calibration.js';
import { type CompareEvent, type CompareOptions, compare } from './compare.js';
import { consolidation } from './consolidation.js';
import type { Method } from './method.js';
import { methodNamed } from './methods.js';
import { planOf } from './plan.js';
import { htmlReport } from './report/html.js';
import { markdownReport } from './report/markdown.js';
import { type Result, sameRun } from './result.js';
import { sampleOf } from './sample.js';
import { fitTemperature } from './temperature.js';
import { trainerMethod } from './trainer-method.js';

const words: Readonly<Record<string, readonly string[]>> = {
  animal: ['cat', 'dog', 'horse', 'goat', 'sheep', 'mouse'],
  tool: ['hammer', 'saw', 'drill', 'rasp', 'chisel', 'pliers'],
};
const table = (of: (index: number) => boolean): TextDataset =>
  rows(
    Object.entries(words).flatMap(([label, all]) =>
      all.flatMap((word, index) => (of(index) ? [{ text: `my ${word} is ${label}-like`, label }] : [])),
    ),
    { name: 'table' },
  );
const [train, test] = [table((index) => index < 4), table((index) => index >= 4)];

/** Answers like a coin that is right so often. */
const fixed = (name: string, right: number, train?: Method['train']): Method => ({
  name,
  title: name,
  needsModel: false,
  train:
    train ??
    (async ({ labels, onProgress }) => {
      onProgress(0.5);
      return {
        trainableParameters: 7,
        storedBytes: 28,
        probabilities: async (texts) =>
          texts.map(({ label = '' }, index) => {
            const target = labels.indexOf(label);
            const answer = index < right * texts.length ? target : 1 - target;
            return Float32Array.from(labels, (_, label) => (label === answer ? 0.9 : 0.1));
          }),
        async [Symbol.asyncDispose]() {},
      };
    }),
});

async function eventsOf(options: Partial<CompareOptions>): Promise<readonly CompareEvent[]> {
  const all: CompareEvent[] = [];
  const defaults = { train, test, methods: [fixed('good', 1), fixed('fair', 0.5)], backend: referenceBackend() };
  for await (const event of compare({ ...defaults, output: new MemoryStorage(), ...options })) all.push(event);
  return all;
}
const endOf = (events: readonly CompareEvent[]) => {
  const end = events.at(-1);
  if (end?.type !== 'end') throw new Error('The comparison has no end.');
  return end;
};

describe('compare', () => {
  it('measures each method at each size with each seed, and recommends the best', async () => {
    const events = await eventsOf({ shots: [2, 'all'], seeds: 2 });
    const { recommended, results } = endOf(events);
    expect(recommended).toEqual({
      method: 'good',
      reason: '100.0 % of the test data right with all training data, the mean of 2 seeds; next comes fair with 50.0 %',
    });
    expect(results.map(({ method, shots, seed, examples }) => [method, shots, seed, examples])).toEqual(
      [
        ...[0, 1].flatMap((seed) => [
          ['good', 'all', seed, 8],
          ['fair', 'all', seed, 8],
        ]),
        ...[0, 1].flatMap((seed) => [
          ['good', 2, seed, 4],
          ['fair', 2, seed, 4],
        ]),
      ].sort((one, other) => Number(one[2]) - Number(other[2])),
    );
    expect(results[1]).toMatchObject({
      accuracy: 0.5,
      macroF1: expect.closeTo(1 / 3),
      calibrationError: expect.closeTo(0.4, 5),
    });
  });

  it('goes on where it was stopped, and takes further methods', async () => {
    const output = new MemoryStorage();
    let trainings = 0;
    const counted = fixed('counted', 1, (task) => {
      trainings += 1;
      return fixed('', 1).train(task);
    });
    const stopped = fixed('stopped', 1, async () => {
      throw new Error('killed');
    });
    await expect(eventsOf({ output, methods: [counted, stopped] })).rejects.toThrow('killed');
    const events = await eventsOf({ output, methods: [counted, fixed('stopped', 0.5)] });
    expect(events[0]).toEqual({ type: 'plan', runs: 2, done: 1 });
    expect([trainings, endOf(events).results.length]).toEqual([1, 2]);
    const others = { output, train: table((index) => index < 3), maxLength: 8 };
    await expect(eventsOf(others)).rejects.toMatchObject({
      code: 'E_OUTPUT_EXISTS',
      fields: ['train', 'maxLength'],
      message: expect.stringMatching(/train had other contents; maxLength was not given\.$/),
    });
  });

  it('ends within its minutes, and says what did not fit', async () => {
    const slow = fixed('slow', 1, ({ signal, onProgress }) => {
      onProgress(0.01);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const events = await eventsOf({ methods: [fixed('fast', 0.5), slow], shots: [1, 'all'], minutes: 0.02 });
    expect(endOf(events)).toMatchObject({
      recommended: { method: 'fast' },
      leftOut: [
        {
          method: 'slow',
          shots: 'all',
          reason: expect.stringMatching(/^the time was up after 2 s of training; it would/),
        },
        { method: 'fast', shots: 1, reason: 'no time is left' },
        { method: 'slow', shots: 1 },
      ],
    });
    await expect(eventsOf({ methods: [slow], minutes: 0.001 })).rejects.toMatchObject({
      code: 'E_CONFIG',
      field: 'minutes',
    });
  });

  it('delivers the model of the best seed of the recommended method on the largest sample', async () => {
    const output = new MemoryStorage();
    const saving = (name: string, rights: readonly number[]) =>
      fixed(name, 0, async (task) => ({
        ...(await fixed(name, rights[task.seed]!).train(task)),
        save: (target) => writeFile(target, 'config.json', `${name} ${task.examples.length} ${task.seed}`),
      }));
    const [good, fair] = [saving('good', [0.5, 1, 1]), saving('fair/..', [0.5, 0.5, 0.5])];
    const saved = () => readText(output, 'model/config.json');
    await eventsOf({ output, methods: [fair], shots: [2], seeds: 1 });
    expect(await saved()).toBe('fair/.. 4 0');
    const events = await eventsOf({ output, methods: [good, fair], shots: [2, 'all'], seeds: 3 });
    expect(endOf(events).model).toEqual({ directory: 'model', method: 'good', shots: 'all', seed: 1 });
    expect(await saved()).toBe('good 8 1');
    await eventsOf({ output, methods: [fair], shots: ['all'], seeds: 3 });
    expect(await saved()).toBe('fair/.. 8 0');
    expect(endOf(await eventsOf({ methods: [fixed('unsaved', 1)] })).model).toBeUndefined();
  });

  describe('forgetting', () => {
    const general = rows([{ text: 'the cat sat on the mat' }, { text: 'the dog is very good' }]);
    const animals = rows([
      { text: 'the cat', label: 'a' },
      { text: 'the dog', label: 'b' },
    ]);
    let encoder: MemoryStorage;
    let masked: MemoryStorage;
    let classifier: MemoryStorage;
    beforeAll(async () => {
      encoder = await tinyBert();
      [masked, classifier] = [new MemoryStorage('masked'), new MemoryStorage('classifier')];
      await (await loadModel(encoder, { task: 'masked-language-modeling' })).save(masked);
      await (await loadModel(encoder, { task: 'sequence-classification', labels: ['a', 'b'] })).save(classifier);
    });
    const compared = async (options: Partial<CompareOptions>) =>
      endOf(await eventsOf({ backend: onnx({ threads: 1 }), maxLength: 16, ...options }));

    it('is the perplexity of the pretrained head over the tuned weights, and less under EWC', async () => {
      const bound = trainerMethod({
        ...{ name: 'bound', title: '', needsModel: true, needsGeneral: true, startsFromModel: true },
        strategy: async ({ earlier }, loaded) => [
          allTrains(),
          await consolidation(earlier!, loaded, { strength: 1e4 }),
        ],
        load: ({ labels }) => loadModel(masked, { task: 'sequence-classification', labels }),
      });
      const methods = [...['head', 'full', 'tf-idf', 'ewc', 'replay'].map(methodNamed), bound];
      const { results } = await compared({ model: masked, general, methods });
      const [head, full, tfidf, ewc, replay, held] = results.map(({ forgetting }) => forgetting);
      expect(head).toMatchObject({ measure: 'perplexity', before: expect.any(Number) });
      expect(head!.after).toBeCloseTo(head!.before, 4);
      expect(full!.before).toBe(head!.before);
      expect(Math.abs(full!.after - full!.before)).toBeGreaterThan(0.01);
      expect(tfidf).toBeUndefined();
      expect(ewc!.after).not.toBe(ewc!.before);
      expect(replay!.after).toBeLessThan(replay!.before);
      expect(Math.abs(held!.after - held!.before)).toBeLessThan(Math.abs(full!.after - full!.before) / 4);
      await expect(compared({ model: masked, methods: [bound] })).rejects.toMatchObject({ field: 'general' });
      const report = markdownReport({ recommended: { method: 'full', reason: '' }, results, leftOut: [] });
      expect(report).toContain('| perplexity on general text |');
      expect(report).toContain(`${full!.before.toFixed(2)} → ${full!.after.toFixed(2)}`);
    });

    it('is the accuracy of an earlier task, by its own classifier though the new one is as large', async () => {
      const methods = ['head', 'lwf'].map(methodNamed);
      const { results } = await compared({ model: classifier, general: animals, methods });
      const { before, after, measure } = results[0]!.forgetting!;
      expect([measure, after]).toEqual(['accuracy', before]);
      expect(results[1]).toMatchObject({ method: 'lwf', forgetting: { measure: 'accuracy', before } });
      const wrong = { model: classifier, general: rows([{ text: 'x', label: 'c' }]), methods: [methodNamed('head')] };
      await expect(compared(wrong)).rejects.toMatchObject({ code: 'E_DATA_LABELS', field: 'general' });
    });

    it.each([
      ['texts', general, /has no head of a language model/],
      ['labels', animals, /has no classifier of an earlier task/],
    ])('is said to be unknown for %s if the model has no head for them', async (_, data, reason) => {
      const end = await compared({ model: encoder, general: data });
      expect(end).toMatchObject({ forgettingUnknown: expect.stringMatching(reason) });
      expect(await htmlReport(end)).toMatch(reason);
    });
  });

  it.each([2, 3])('TF-IDF over %i classes is a model like any other', async (classes) => {
    const third = classes === 3 ? [{ text: 'a b', label: 'none' }] : [];
    const data = rows([...(await train.toArray()), ...third]);
    const output = new MemoryStorage();
    let found: readonly Float32Array[] = [];
    const method = methodNamed('tf-idf');
    const watched: Method = {
      ...method,
      async train(task) {
        const trained = await method.train(task);
        const probabilities: typeof trained.probabilities = async (texts) =>
          (found = await trained.probabilities(texts));
        return { ...trained, probabilities };
      },
    };
    const asked = [{ text: 'my my goat is a goat' }, { text: 'HAMMER', textPair: 'cat' }, { text: '!' }];
    const labels = await data.labels();
    const tested = rows(asked.map((each) => ({ ...each, label: labels[0]! })));
    await eventsOf({ output, train: data, test: tested, methods: [watched] });
    await using model = await openModel(below(output, 'model'), {
      backend: referenceBackend(),
      task: 'sequence-classification',
    });
    expect(model.labels).toEqual(labels);
    const answers = await model.predict(asked);
    for (const [index, { labels: scores }] of answers.entries()) {
      const byName = new Map(scores.map(({ label, score }) => [label, score]));
      expect(labels.map((label) => byName.get(label))).toEqual(
        Array.from(found[index]!, (each) => expect.closeTo(each, 5)),
      );
    }
  });

  it.each([
    ['a class with fewer examples than shots', { shots: [5] }, { code: 'E_DATA_LABELS', field: 'shots' }],
    ['a label that training does not have', { test: rows([{ text: 'x', label: 'new' }]) }, { code: 'E_DATA_LABELS' }],
    ['one class', { train: rows([{ text: 'x', label: 'a' }]) }, { code: 'E_DATA_LABELS' }],
    ['a method without its model', { methods: [methodNamed('lora')] }, { code: 'E_CONFIG', field: 'model' }],
  ])('refuses %s', async (_, options, error) => {
    await expect(eventsOf(options)).rejects.toMatchObject(error);
  });

  it.each(['tf-idf', 'cnn', 'bilstm'])('%s learns without a model', async (name) => {
    const [result] = endOf(await eventsOf({ methods: [methodNamed(name)], backend: onnx({ threads: 1 }) })).results;
    expect(result).toMatchObject({ accuracy: 1 });
  });
});

it('an unknown method is told the nearest', () => {
  expect(() => methodNamed('lorra')).toThrowError(expect.objectContaining({ hint: 'Did you mean "lora"?' }));
});

it('the largest sample comes first, then the small ones', () => {
  const plan = planOf({ methods: ['a'], shots: [32, 'all', 8], seeds: 2 });
  expect(plan.map(({ shots, seed }) => [shots, seed])).toEqual([
    ['all', 0],
    [8, 0],
    [32, 0],
    ['all', 1],
    [8, 1],
    [32, 1],
  ]);
});

it('small samples are parts of larger ones, of the same size for each class', async () => {
  const examples = await train.toArray();
  const [one, two] = [sampleOf(examples, 1, 3), sampleOf(examples, 3, 3)];
  expect([one.length, two.length]).toEqual([2, 6]);
  expect(two).toEqual(expect.arrayContaining([...one]));
  expect(sampleOf(examples, 3, 4)).not.toEqual(two);
});

it('the calibration error is that of Guo et al.', () => {
  const judged = [
    { probabilities: Float32Array.of(0.95, 0.05), target: 0 },
    { probabilities: Float32Array.of(0.95, 0.05), target: 1 },
    { probabilities: Float32Array.of(0.4, 0.6), target: 1 },
  ];
  expect(calibrationError(judged)).toBeCloseTo((2 * Math.abs(0.95 - 0.5) + Math.abs(0.6 - 1)) / 3, 5);
});

it('a temperature undoes how sure logits are, and stays within bounds', () => {
  const third = Math.log(3);
  const logits = Array.from({ length: 4 }, () => Float32Array.of(2.5 * third, 0));
  expect(fitTemperature(logits, [0, 1, 0, 0])).toBeCloseTo(2.5, 4);
  expect(fitTemperature(logits, [0, 0, 0, 0])).toBeCloseTo(0.05, 4);
  expect(fitTemperature(logits, [1, 1, 1, 1])).toBeCloseTo(20, 2);
});

it('issue 18: a temperature from other examples mends what is too sure, and is not fitted on what it is measured on', () => {
  // Three of four are right, at a confidence of 0.99.
  const judged = Array.from({ length: 400 }, (_, index) => {
    return { probabilities: Float32Array.of(0.99, 0.01), target: index % 4 === 0 ? 1 : 0 };
  });
  expect(calibrationError(judged)).toBeCloseTo(0.24, 5);
  const after = errorWithTemperature(judged);
  expect(after).toBeLessThan(0.08);
  expect(after).toBeGreaterThan(0);
  const [one] = judged.slice(0, 1).map((each) => [each]);
  expect(errorWithTemperature(one ?? [])).toBe(calibrationError(one ?? []));
});

it('the reports show hostile names as text, and ask no network', async () => {
  const method = '<img src=x onerror=alert(1)> | [a](javascript:b)';
  const run: Result = {
    ...{ method, shots: 8, seed: 0, examples: 16, accuracy: 0.5, macroF1: 0.5, calibrationError: 0.1 },
    ...{ calibrationErrorWithTemperature: 0.05, seconds: 1, trainableParameters: 1, storedBytes: 4 },
  };
  const results = [run, { ...run, shots: 'all' as const, examples: 40 }];
  const comparison = { recommended: { method, reason: '<b>' }, results, leftOut: [{ ...run, reason: '<script>' }] };
  const page = await htmlReport(comparison);
  expect(page).not.toMatch(/<img|<script|<b>|https?:\/\/(?!www\.w3\.org)|url\((?!#)/);
  expect(page.match(/<svg/g)?.length).toBeGreaterThanOrEqual(2);
  expect(markdownReport(comparison)).not.toMatch(/(?<!\\)<(img|script|b)|(?<!\\)\[a/);
});

it('runs are the same by method, size and seed', () => {
  const run = { method: 'a', shots: 'all', seed: 0 } as const;
  expect([sameRun(run, { ...run }), sameRun(run, { ...run, seed: 1 })]).toEqual([true, false]);
});

it('results are kept as JSON', async () => {
  const output = new MemoryStorage();
  await eventsOf({ output });
  expect(JSON.parse(await readText(output, 'results.json')).results).toHaveLength(2);
});
