import { onnx } from '@attune/backend-onnx';
import type { TrainEvent } from '@attune/core';
import { rows } from '@attune/data';
import { MemoryStorage, readText } from '@attune/hub';
import { loadModel } from '@attune/models';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { beforeAll, describe, expect, it } from 'vitest';
import { type PretrainRequest, pretrain } from './pretrain.js';

const texts = rows(
  Array.from({ length: 24 }, (_, index) => ({
    text: `the ${index % 2 ? 'cat' : 'dog'} sat on the mat and it is good`,
  })),
  { name: 'domain.txt' },
);
let model: MemoryStorage;
beforeAll(async () => {
  model = new MemoryStorage('start');
  await (await loadModel(await tinyBert(), { task: 'feature-extraction' })).save(model);
});
const request = (output: MemoryStorage, more: Partial<PretrainRequest> = {}): PretrainRequest => ({
  ...{ model, texts, output, backend: onnx({ threads: 1 }), maxLength: 16 },
  training: { perDeviceTrainBatchSize: 4, saveStrategy: 'no', maxSteps: 8 },
  ...more,
});
const weightsOf = async (storage: MemoryStorage) =>
  (await loadModel(storage, { task: 'masked-language-modeling' })).weights;

describe('pretrain', () => {
  it('trains the masked language model of an encoder, and ends as it would have after an interruption', async () => {
    const [whole, parts] = [new MemoryStorage('whole'), new MemoryStorage('parts')];
    const losses: number[] = [];
    const onEvent = (event: TrainEvent) => void (event.type === 'step' && losses.push(event.loss));
    expect(await pretrain(request(whole, { onEvent }))).toBe(true);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    const stop = new AbortController();
    const interrupting = (event: TrainEvent) => void (event.type === 'step' && event.step === 3 && stop.abort());
    expect(await pretrain(request(parts, { train: { signal: stop.signal }, onEvent: interrupting }))).toBe(false);
    const seen: number[] = [];
    const watching = (event: TrainEvent) => void (event.type === 'step' && seen.push(event.step));
    expect(await pretrain(request(parts, { train: { resume: true }, onEvent: watching }))).toBe(true);
    expect(seen[0]).toBe(4);
    expect(await weightsOf(parts)).toEqual(await weightsOf(whole));
    // With its head: nothing of it begins anew.
    expect((await loadModel(whole, { task: 'masked-language-modeling' })).created).toEqual([]);
    expect(JSON.parse(await readText(whole, 'config.json')).architectures).toEqual(['BertForMaskedLM']);
  });

  it('refuses texts with fewer tokens than one batch, before it writes anything', async () => {
    const output = new MemoryStorage('few');
    const few = rows([{ text: 'the cat sat' }], { name: 'few.txt' });
    await expect(pretrain(request(output, { texts: few }))).rejects.toMatchObject({
      code: 'E_DATA',
      file: 'few.txt',
      message: 'few.txt has 5 tokens; one batch takes 64.',
    });
    expect(await output.list('')).toEqual([]);
  });
});
