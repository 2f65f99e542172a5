/** The commands with adapters of every method, on a tiny BERT. */
import { existsSync, readFileSync } from 'node:fs';
import { adaptModel } from '@attune/core';
import { nodeStorage } from '@attune/hub/node';
import { loadModel } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import { adapterMethods, lora } from '@attune/strategies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const attune = (...args: string[]) => runCommand([...args, '--json']);
const train = (strategy: string, ...more: string[]) =>
  attune(
    ...['train', '--model', at('model'), '--train', at('train.csv'), '--output', at(strategy), '--threads', '1'],
    ...['--max-length', '16', '--batch-size', '4', '--max-steps', '2', '--strategy', strategy, ...more],
  );
const predict = (model: string) => attune('predict', '--model', at(model), '--text', 'the cat', '--threads', '1');

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('model')));
  file('train.csv', 'text,label\nthe cat sat,cat\nthe dog sat,dog\nthe cat is good,cat\nthe dog is bad,dog\n');
});
afterAll(() => folder.remove());

/** An option that says how large an adapter is, for methods where that is not a rank. */
const sizes: Readonly<Record<string, readonly [name: string, value: number] | readonly []>> = {
  'prompt-tuning': ['numVirtualTokens', 3],
  'p-tuning': ['numVirtualTokens', 3],
  'prefix-tuning': ['numVirtualTokens', 3],
  oft: ['r', 2],
  boft: ['boftBlockNum', 4],
  bottleneck: ['reductionFactor', 4],
  adalora: ['targetR', 3],
  ia3: [],
  'ln-tuning': [],
};

describe.each(adapterMethods.map(({ name, isMergeable }) => [name, isMergeable] as const))(
  '%s',
  (strategy, isMergeable) => {
    it('trains, is inspected, answers, and is merged if weights can hold it', async () => {
      const size = sizes[strategy] ?? ['r', 3];
      const given = size.length > 0 ? ['--strategy-options', size.join('=')] : [];
      expect((await train(strategy, ...given)).code).toBe(0);
      const { last } = await attune('inspect', at(strategy));
      const [name, value] = size;
      const shown = name === undefined ? {} : { [name]: value };
      expect(last).toMatchObject({ kind: 'adapter', method: strategy, base: at('model'), ...shown });
      const answer = await predict(strategy);
      expect(answer.code).toBe(0);
      const merged = await attune('merge', '--model', at(strategy), '--output', at(`${strategy}-merged`));
      if (!isMergeable) {
        const again = await train('lora', '--model', at(strategy), '--output', at(`on-${strategy}`));
        expect(again).toMatchObject({ code: 2, last: { code: 'E_STRATEGY', field: 'model' } });
        expect(again.last.hint).toContain(`--model ${at('model')}`);
        expect([merged.code, merged.out]).toEqual([2, expect.stringContaining('changes no weights')]);
        return;
      }
      expect(merged.code).toBe(0);
      expect(merged.last.outputChange).toEqual({ largest: expect.closeTo(0, 4), largestOutput: expect.any(Number) });
      expect((await predict(`${strategy}-merged`)).code).toBe(0);
    });
  },
);

it('LoRA that starts from the weights is saved as plain LoRA of twice the rank', async () => {
  expect((await train('lora', '--output', at('pissa'), '--set', 'lora.initLoraWeights=pissa')).code).toBe(0);
  const config = JSON.parse(readFileSync(at('pissa/adapter_config.json'), 'utf8'));
  expect(config).toMatchObject({ init_lora_weights: true, r: 16, lora_alpha: 16 });
  expect((await predict('pissa')).code).toBe(0);
});

describe('T17: attune combine', () => {
  beforeAll(async () => {
    const base = await loadModel(await writeTinyLlama(nodeStorage(at('llama'))), { task: 'causal-language-modeling' });
    for (const [name, r, seed] of [
      ['formal', 2, 1],
      ['brief', 3, 2],
    ] as const) {
      const strategy = lora({ r });
      const { weights } = adaptModel(base.model, base.weights, [strategy], seed);
      await strategy.adapt(base.model).adapter?.save(nodeStorage(at(name)), weights, at('llama'));
    }
  });
  const combine = (output: string, ...more: readonly string[]) =>
    attune(...['combine', '--adapters', `${at('formal')},${at('brief')}`, '--output', at(output), ...more]);

  it('makes one adapter that answers', async () => {
    const made = await combine('both', '--weights', '0.7,-0.3', '--combination-type', 'cat');
    expect(made).toMatchObject({ code: 0, last: { output: at('both'), r: 5 } });
    const config = JSON.parse(readFileSync(at('both/adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ r: 5, lora_alpha: 5, base_model_name_or_path: at('llama') });
    const text = await attune(
      ...['generate', '--model', at('both'), '--prompt', 'the cat', '--max-new-tokens', '2', '--threads', '1'],
    );
    expect(text).toMatchObject({ code: 0, last: { tokens: [expect.any(Number), expect.any(Number)] } });
  });

  it.each<[string, readonly string[], object]>([
    ['a weight too many', ['--weights', '1,1,1'], { code: 'E_CONFIG', field: 'weights' }],
    ['a way that there is not', ['--weights', '1,1', '--combination-type', 'mean'], { code: 'E_CONFIG' }],
    ['no density', ['--weights', '1,1', '--combination-type', 'ties_svd'], { code: 'E_CONFIG', field: 'density' }],
    ['two ranks', ['--weights', '1,1', '--combination-type', 'linear'], { code: 'E_STRATEGY' }],
    ['an empty weight', ['--weights', '1,'], { code: 'E_CONFIG', field: 'weights' }],
    ['a model', ['--weights', '1,1', '--adapters', `${at('formal')},${at('llama')}`], { code: 'E_FILE_MISSING' }],
    ['a full directory', ['--weights', '1,1', '--output', at('llama')], { code: 'E_OUTPUT_EXISTS' }],
  ])('refuses %s, and writes nothing', async (_, more, problem) => {
    expect(await combine('refused', ...more)).toMatchObject({ code: 2, last: problem });
    expect(existsSync(at('refused/adapter_config.json'))).toBe(false);
  });
});

it('the flags of LoRA have the defaults of the strategy', async () => {
  expect((await train('lora', '--output', at('plain'))).code).toBe(0);
  const { r, alpha, dropout } = lora().options;
  const config = JSON.parse(readFileSync(at('plain/adapter_config.json'), 'utf8'));
  expect(config).toMatchObject({ r, lora_alpha: alpha, lora_dropout: dropout });
});

it.each<[string, readonly string[], RegExp]>([
  ['lora', ['--strategy-options', 'rank=4'], /rank: is no option/],
  ['dora', ['--strategy-options', 'loraBias=true'], /loraBias: is no option/],
  ['vera', ['--lora-r', '4'], /--lora-r is for lora and dora/],
  ['full', ['--target-modules', 'query'], /--target-modules is for lora, dora, .*; the strategy is full/],
  ['prompt-tuning', ['--target-modules', 'query'], /--target-modules is for lora/],
  ['lora', ['--target-modules', 'query', '--set', 'lora.targetModules=key'], /given by another flag too/],
  ['full', ['--strategy-options', 'r=4'], /strategy full has no options/],
  ['prompt-tuning', ['--strategy-options', 'numVirtualTokens=60'], /positions/],
])('%s %j is refused', async (strategy, options, message) => {
  const { code, out } = await train(strategy, ...options, '--output', at(`refused-${strategy}`));
  expect([code, out]).toEqual([2, expect.stringMatching(message)]);
});
