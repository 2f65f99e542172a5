/** What issue 17 lists as bad input: each ends with a sentence that says what is wrong, and a hint that can be followed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { adaptModel, type Strategy } from '@attune/core';
import { nodeStorage } from '@attune/hub/node';
import { loadModel } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import { lora } from '@attune/strategies';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;

/** An adapter that calls its method so. */
async function writeAdapter(name: string, peftType: string, strategy: Strategy): Promise<void> {
  const { model, weights } = await loadModel(nodeStorage(at('bert')), { task: 'sequence-classification' });
  await strategy
    .adapt(model)
    .adapter?.save(nodeStorage(at(name)), adaptModel(model, weights, [strategy], 0).weights, at('bert'));
  const path = at(`${name}/adapter_config.json`);
  const config: object = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...config, peft_type: peftType }));
}

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('bert')));
  await writeTinyLlama(nodeStorage(at('llama')));
  for (const type of ['LOAR', 'POLY']) await writeAdapter(type, type, lora({ r: 2 }));
  file('texts.csv', 'text,label\nthe cat sat,cat\nthe dog sat,dog\nthe cat is good,cat\nthe dog is bad,dog\n');
  file('twice.json', JSON.stringify({ epochs: 1, numTrainEpochs: 2 }));
});
afterAll(() => folder.remove());

const training = (...more: readonly string[]) => [
  ...['train', '--model', at('bert'), '--train', at('texts.csv'), '--output', at('run'), '--max-steps', '1', ...more],
];

it.each<[string, () => readonly string[], Readonly<Record<string, unknown>>]>([
  [
    'a model without the wanted task',
    () => ['generate', '--model', at('bert'), '--prompt', 'the cat'],
    {
      code: 'E_MODEL_UNSUPPORTED',
      field: 'task',
      message: expect.stringContaining('a model of type "bert" does not do causal-language-modeling'),
      hint: expect.stringContaining('sequence-classification, token-classification'),
    },
  ],
  [
    'a cache too short for the text',
    () => [
      ...['generate', '--model', at('llama'), '--prompt', 'the cat'],
      ...['--max-new-tokens', '20', '--max-cache-length', '16'],
    ],
    {
      code: 'E_TOO_LONG',
      field: 'maxCacheLength',
      message: expect.stringContaining('the cache holds 16'),
      hint: expect.stringMatching(/at least 2\d/),
    },
  ],
  [
    'an adapter of an unknown method with a near one',
    () => ['predict', '--model', at('LOAR'), '--text', 'the cat'],
    { code: 'E_ADAPTER_UNSUPPORTED', field: 'peft_type', hint: 'Did you mean "LORA"?' },
  ],
  [
    'an adapter of a method that Attune does not have',
    () => ['inspect', at('POLY')],
    { code: 'E_ADAPTER_UNSUPPORTED', field: 'peft_type', message: expect.stringContaining('Attune has LORA, ') },
  ],
  [
    'two strategies that want the same layer',
    () => training('--strategy', 'lora', '--strategy', 'dora'),
    {
      code: 'E_STRATEGY',
      field: 'strategy',
      message: expect.stringMatching(/lora "default" and dora "default" both want the layer .*query/),
      hint: expect.stringContaining('targetModules'),
    },
  ],
  ...['multiple-negatives-ranking', 'cosent', 'cosine-similarity'].map(
    (objective): [string, () => readonly string[], Readonly<Record<string, unknown>>] => [
      `pairs for ${objective} in data without`,
      () => training('--task', 'sentence-similarity', '--objective', objective, '--strategy', 'full'),
      {
        code: 'E_DATA',
        field: 'objective',
        message: expect.stringContaining(`has no pairs, which ${objective} needs`),
        hint: expect.stringContaining('--anchor-column'),
      },
    ],
  ),
  ...(
    [
      ['--find-learning-rate', []],
      ['--sample-prompts', ['the cat']],
    ] as const
  ).map(([flag, value]): [string, () => readonly string[], Readonly<Record<string, unknown>>] => [
    `a search with ${flag}`,
    () => training('--search', 'learningRate=1e-3,2e-3', flag, ...value),
    { code: 'E_CONFIG', field: 'search', message: `--search and ${flag} do not go together.` },
  ]),
  [
    'an unknown path of a strategy',
    () => training('--set', 'lora.alpa=4'),
    { code: 'E_CONFIG', message: expect.stringMatching(/alpa: is no option, did you mean alpha\?$/) },
  ],
  [
    'an unknown path',
    () => training('--set', 'lroa.r=4'),
    { code: 'E_CONFIG', message: expect.stringMatching(/did you mean lora\.r\?$/) },
  ],
  [
    'a setting under its alias and its name in a file',
    () => training('--config', at('twice.json')),
    { code: 'E_CONFIG', message: expect.stringMatching(/epochs is .*numTrainEpochs; give it once/) },
  ],
  [
    'a setting under its alias and its name as flags',
    () => training('--epochs', '1', '--num-train-epochs', '2'),
    { code: 'E_CONFIG', message: expect.stringContaining('--epochs is --num-train-epochs; give it once') },
  ],
])('T17 bad input: %s', async (_, args, problem) => {
  const { code, last } = await runCommand([...args(), '--json']);
  expect(code).toBe(2);
  expect(last).toMatchObject(problem);
});
