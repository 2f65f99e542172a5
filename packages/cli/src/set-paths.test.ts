/** `--set` and lists of strategies: every setting and every option of every strategy can be reached. */
import { expect, it } from 'vitest';
import { chosenStrategies } from './commands/chosen-strategies.js';
import { trainOptions } from './commands/train-settings.js';
import { allOptions } from './program.js';
import { readSettings } from './settings.js';

const required = { model: 'm', train: 't', output: 'o' };
const read = (flags: Readonly<Record<string, unknown>>, values: Readonly<Record<string, unknown>> = {}) =>
  readSettings(
    trainOptions,
    allOptions,
    { flags: { ...required, ...flags }, unknown: [], config: { values, file: 'attune.config.json' } },
    'train',
  );
const strategies = (...args: Parameters<typeof read>) =>
  chosenStrategies(read(...args)).map(({ name, options }) => ({ name, options }));

it('settings by their names, short names, flags and parts', () => {
  const set = ['learningRate=1e-4', 'epochs=2', 'warmup-steps=5', 'optimArgs.momentum=0.9', 'optimArgs.nesterov=true'];
  expect(read({ set: [...set, 'loadBestModelAtEnd=false', 'targetModules=query,key'] })).toMatchObject({
    learningRate: 1e-4,
    numTrainEpochs: 2,
    warmupSteps: 5,
    optimArgs: { momentum: 0.9, nesterov: true },
    loadBestModelAtEnd: false,
    targetModules: 'query,key',
  });
  expect(read({ set: 'optimArgs=momentum=0.5' }, { optimArgs: { momentum: 0.1 } })).toMatchObject({
    optimArgs: { momentum: 0.5 },
  });
});

it('options of strategies, whose values are JSON or texts', () => {
  const set = ['lora.r=4', 'lora.rankPattern={"query":2}', 'lora.targetModules=all-linear', 'lora.rslora=true'];
  expect(strategies({ set })).toMatchObject([
    { name: 'lora', options: { r: 4, rankPattern: { query: 2 }, targetModules: 'all-linear', rslora: true } },
  ]);
  expect(strategies({ set: ['lora.initLoraWeights=pissa', 'lora.loraplusLrRatio=16'] })).toMatchObject([
    { name: 'lora', options: { initLoraWeights: 'pissa', loraplusLrRatio: 16 } },
  ]);
  expect(strategies({ strategy: 'vera', set: 'vera.r=16' })).toMatchObject([{ name: 'vera', options: { r: 16 } }]);
});

it('strategies that compose, given several times', () => {
  const strategy = ['gradual-unfreezing', 'discriminative-rates'];
  const set = ['discriminative-rates.decay=0.385', 'gradual-unfreezing.layersPerStage=2'];
  expect(strategies({ strategy, set })).toEqual([
    { name: 'gradual-unfreezing', options: { layersPerStage: 2 } },
    { name: 'discriminative-rates', options: { decay: 0.385 } },
  ]);
  const partial = { strategy: 'partial-freezing', strategyOptions: 'topLayers=2' };
  expect(strategies(partial)).toEqual([{ name: 'partial-freezing', options: { topLayers: 2 } }]);
});

it('a config file gives a list of strategies with options, which flags override', () => {
  const strategy = ['head', { name: 'lora', r: 2, alpha: 5 }];
  expect(strategies({ set: 'lora.r=4' }, { strategy })).toMatchObject([
    { name: 'head' },
    { name: 'lora', options: { r: 4, alpha: 5 } },
  ]);
  expect(strategies({}, { strategy: { name: 'dora', r: 2 } })).toMatchObject([{ name: 'dora', options: { r: 2 } }]);
});

it.each<[string, Readonly<Record<string, unknown>>, string]>([
  ['an unknown setting', { set: 'learningRat=1' }, '--set learningRat is no setting, did you mean learningRate?'],
  ['an unknown strategy', { set: 'lroa.r=8' }, '--set lroa.r is no setting, did you mean lora.r?'],
  ['an unknown option', { set: 'lora.alpa=8' }, 'alpa: is no option, did you mean alpha?'],
  ['a part of a number', { set: 'seed.x=8' }, '--set seed.x is no setting'],
  ['no value', { set: 'seed' }, '--set seed needs =VALUE behind it'],
  ['twice', { set: ['seed=1', 'seed=2'] }, '--set seed is set twice'],
  ['with the flag', { set: 'epochs=1', epochs: '2' }, '--set numTrainEpochs is --epochs; give it once'],
  ['a wrong value', { set: 'learningRate=-1' }, '--learning-rate is -1; it must be more than 0'],
  ['another strategy', { set: 'vera.r=8' }, '--set vera.r is given, and the strategy is lora'],
  ['with a flag of LoRA', { set: 'lora.r=8', loraR: '4' }, '--set lora.r is given by another flag too; give it once'],
])('refuses %s', (_, flags, message) => {
  expect(() => strategies(flags)).toThrow(message);
});

it.each<[string, unknown, string]>([
  ['an unknown strategy', 'lroa', 'strategy is "lroa"; it takes full, head, bitfit'],
  ['an unknown name in a list', ['head', { name: 'lroa' }], 'strategy'],
  ['options of a strategy that has none', { name: 'head', r: 1 }, 'The strategy head has no options, and r is given'],
])('refuses %s in a config file', (_, strategy, message) => {
  expect(() => strategies({}, { strategy })).toThrow(message);
});

it('refuses paths in a config file, and a name beside its short one', () => {
  expect(() => read({}, { set: { lora: { r: 1 } } })).toThrow('attune.config.json: set is no option');
  expect(() => read({}, { epochs: 1, numTrainEpochs: 1 })).toThrow('give it once');
  expect(() => read({}, { batchSize: 1, perDeviceTrainBatchSize: 1 })).toThrow('give it once');
  expect(read({}, { batchSize: 8 })).toMatchObject({ perDeviceTrainBatchSize: 8 });
});
