import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adaptModel } from '@attune/core';
import { inMemory, openWeights, writeWeights } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type HostTensor, hostTensor } from '@attune/ir';
import { sequenceClassification } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { lora } from '@attune/strategies';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openModel } from './model-directory.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-adapter-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** An adapter for three classes over a base beside it. */
async function writeAdapter() {
  const base = await writeTinyBert(nodeStorage(join(folder, 'base')));
  const model = await sequenceClassification(base, { labels: ['x', 'y', 'z'], seed: 7 });
  const { adaptation, weights } = adaptModel(model.model, model.weights, [lora({ r: 2 })], 7, model.created);
  const adapter = nodeStorage(join(folder, 'adapter'));
  await adaptation.adapter!.save(adapter, weights, join(folder, 'base'));
  await model.describe(adapter);
  return { base, adapter };
}

test('T10: an adapter knows its base by the weights', async () => {
  const { base } = await writeAdapter();
  const { loaded } = await openModel(join(folder, 'adapter'));
  expect(loaded.labels).toEqual(['x', 'y', 'z']);
  const source = await openWeights(base);
  const changed = new Map<string, HostTensor>();
  for (const name of source.names) {
    const { type, data } = await source.read(name);
    changed.set(
      name,
      hostTensor(
        type.shape,
        Float32Array.from(data, (value) => value * 1.5),
      ),
    );
  }
  await writeWeights(base, inMemory(changed));
  await expect(openModel(join(folder, 'adapter'))).rejects.toMatchObject({
    code: 'E_ADAPTER_MISMATCH',
    file: join(folder, 'adapter/attune.json'),
    field: 'baseSha256',
    message: expect.stringMatching(/adapter was trained on weights with sha256 [0-9a-f]{64}; those of .*base have /),
  });
});

test('T10: an adapter without attune.json has as many classes as its classifier has rows', async () => {
  const { adapter } = await writeAdapter();
  await adapter.remove('attune.json');
  const { loaded, weights } = await openModel(join(folder, 'adapter'));
  expect(loaded.labels).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
  expect(weights.get('classifier.weight')?.type.shape).toEqual([3, 32]);
});
