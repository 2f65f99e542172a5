import { describe, expect, test } from 'vitest';
import { parseTrainingArguments, recipeArgumentNames, trainingArgumentsShape } from './training-arguments.js';

const names = Object.keys(trainingArgumentsShape);
const parse = (options: object) => () => parseTrainingArguments(options);
const configError = (field: string, message: RegExp) =>
  expect.objectContaining({ code: 'E_CONFIG', field, message: expect.stringMatching(message) });

describe('T13: a slip in a name', () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyzE5'];
  const mutations = (name: string): string[] =>
    Array.from(name, (_, at) => [
      name.slice(0, at) + name.slice(at + 1),
      name.slice(0, at) + letters[at % letters.length]! + name.slice(at + 1),
      name.slice(0, at) + letters[(at * 7) % letters.length]! + name.slice(at),
      name.slice(0, at) + (name[at + 1] ?? '') + name[at] + name.slice(at + 2),
    ]).flat();

  test.each(names)('%s: every one of its letters', (name) => {
    for (const wrong of mutations(name).filter((each) => !names.includes(each))) {
      expect(parse({ [wrong]: 1 }), wrong).toThrow(configError(wrong, /did you mean \w+\?/));
    }
  });
});

test('all problems at once, each with its name', () => {
  const options = { lerningRate: 1, numTrainEpochs: '3', seed: -1, optim: 'adam_w', weightDecay: Number.NaN };
  const fields = ['lerningRate', 'numTrainEpochs', 'seed', 'optim', 'weightDecay'];
  for (const field of fields) expect(parse(options)).toThrow(new RegExp(`${field}: `));
});

test.each([
  ['warmupRatio', { warmupSteps: 3, warmupRatio: 0.1 }],
  ['evalSteps', { evalStrategy: 'steps' }],
  ['saveSteps', { saveStrategy: 'steps' }],
  ['evalStrategy', { evalStrategy: 'no', loadBestModelAtEnd: true }],
  ['learningRate', { learningRate: '2e-4' }],
  ['learningRate', { learningRate: Number.POSITIVE_INFINITY }],
])('%s: options that exclude each other or have the wrong type', (field, options) => {
  expect(parse(options)).toThrow(configError(field, /./));
});

test("transformers' defaults, and none for what a recipe chooses", () => {
  const parsed = parseTrainingArguments({});
  expect(recipeArgumentNames.filter((name) => name in parsed)).toEqual([]);
  expect(parsed).toMatchObject({
    gradientAccumulationSteps: 1,
    maxGradNorm: 1,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
    adamEpsilon: 1e-8,
    lrSchedulerType: 'linear',
  });
});
