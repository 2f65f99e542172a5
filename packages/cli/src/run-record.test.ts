/** The record of a run in its directory: run.json and events.jsonl. */
import { readFileSync, rmSync } from 'node:fs';
import { VERSION } from '@attune/core';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordRun } from './commands/run-record.js';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('model')));
  file('train.csv', 'text,label\nthe cat,cat\nthe dog,dog\n');
});
afterAll(() => folder.remove());

const train = (...more: string[]) =>
  runCommand([
    ...['train', '--model', at('model'), '--train', at('train.csv'), '--output', at('run'), '--max-length', '8'],
    ...['--set', 'lora.r=2', '--threads', '1', '--save-steps', '1', '--json', ...more],
  ]);
const record = () => JSON.parse(readFileSync(at('run/run.json'), 'utf8'));
const events = () =>
  readFileSync(at('run/events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

it('holds settings, versions, data and every event; a run that goes on adds to it, a new one begins anew', async () => {
  expect((await train('--max-steps', '1')).code).toBe(0);
  expect(record()).toMatchObject({
    settings: { train: at('train.csv'), maxSteps: 1, set: { lora: { r: 2 } } },
    arguments: { maxSteps: 1, perDeviceEvalBatchSize: 64 },
    chosen: expect.arrayContaining(['learningRate']),
    data: { train: expect.stringMatching(/./), evaluation: null },
    versions: { attune: VERSION, backend: 'onnx' },
  });
  const first = events();
  expect(first.map(({ type }) => type)).toEqual(expect.arrayContaining(['recipe', 'start', 'step', 'end']));
  expect((await train('--max-steps', '2', '--resume')).code).toBe(0);
  expect(record().settings.maxSteps).toBe(2);
  expect(events().slice(0, first.length)).toEqual(first);
  expect(events().filter(({ type }) => type === 'step')).toMatchObject([{ step: 1 }, { step: 2 }]);
  for (const name of ['checkpoint-1', 'checkpoint-2', 'latest.json']) rmSync(at(`run/${name}`), { recursive: true });
  for (const name of ['adapter_config.json', 'adapter_model.safetensors', 'attune.json']) rmSync(at(`run/${name}`));
  expect((await train('--max-steps', '1')).last).toMatchObject({ type: 'result' });
  expect(events().filter(({ type }) => type === 'step')).toHaveLength(1);
});

it('is given up with one warning if it cannot be written', () => {
  const warnings: string[] = [];
  const listen = recordRun(at('nowhere'), {}, (message) => warnings.push(message));
  const about = { examples: 1, heldOut: 0, data: { train: 'a', evaluation: null }, chosen: [] };
  const versions = { type: 'start', steps: 1, examples: 1, parameters: 1, trainableParameters: 1 } as const;
  listen({ type: 'recipe', arguments: JSON.parse('{}'), ...about });
  for (const resumedFrom of [0, 1]) listen({ ...versions, device: 'none', versions: {}, resumedFrom });
  expect(warnings).toEqual([expect.stringMatching(/^The run goes on without a record: .*ENOENT/)]);
});
