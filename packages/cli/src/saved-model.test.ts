import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adaptModel } from '@attune/core';
import { inMemory, openWeights, readJson, type Storage, writeJson, writeWeights } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { openSavedModel } from '@attune/inference';
import { type HostTensor, hostTensor } from '@attune/ir';
import { sequenceClassification } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { lora } from '@attune/strategies';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from './testing/run-command.js';

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
  const { loaded } = await openSavedModel(join(folder, 'adapter'));
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
  await expect(openSavedModel(join(folder, 'adapter'))).rejects.toMatchObject({
    code: 'E_ADAPTER_MISMATCH',
    file: join(folder, 'adapter/attune.json'),
    field: 'baseSha256',
    message: expect.stringMatching(/adapter was trained on weights with sha256 [0-9a-f]{64}; those of .*base have /),
  });
});

test('T10: an adapter without attune.json has as many classes as its classifier has rows', async () => {
  const { adapter } = await writeAdapter();
  await adapter.remove('attune.json');
  const { loaded, weights } = await openSavedModel(join(folder, 'adapter'));
  expect(loaded.labels).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
  expect(weights.get('classifier.weight')?.type.shape).toEqual([3, 32]);
});

/** Changes adapter_config.json of the adapter. */
async function changeConfig(adapter: Storage, fields: Readonly<Record<string, unknown>>): Promise<void> {
  await writeJson(adapter, 'adapter_config.json', {
    ...Object(await readJson(adapter, 'adapter_config.json')),
    ...fields,
  });
}

test('field 20: an adapter that names no base, or one that is not there, takes --base', async () => {
  const { adapter } = await writeAdapter();
  const path = join(folder, 'adapter');
  for (const name of [null, '', join(folder, 'gone')]) {
    await changeConfig(adapter, { base_model_name_or_path: name });
    await expect(openSavedModel(path)).rejects.toMatchObject({
      code: 'E_ADAPTER_BASE',
      field: 'base_model_name_or_path',
      hint: expect.stringContaining('--base'),
    });
    const { loaded, kind } = await openSavedModel(path, { base: join(folder, 'base') });
    expect(kind).toBe('adapter');
    expect(loaded.labels).toEqual(['x', 'y', 'z']);
  }
  await expect(openSavedModel(join(folder, 'base'), { base: path })).rejects.toMatchObject({ field: 'base' });
});

test.each(['evaluate', 'predict', 'merge', 'export', 'train'])('field 20: %s has --base', async (command) => {
  const { out } = await runCommand([command, '--help']);
  expect(out).toContain('--base ');
});

test.each(['\\\\host\\share\\model', '//host/share/model', 'https://host/model', 'file:///etc'])(
  'audit F14: an adapter whose base is %s asks no other machine',
  async (name) => {
    const { adapter } = await writeAdapter();
    await changeConfig(adapter, { base_model_name_or_path: name });
    await expect(openSavedModel(join(folder, 'adapter'))).rejects.toMatchObject({
      code: 'E_PATH_ESCAPE',
      field: 'base_model_name_or_path',
      hint: expect.stringContaining('--base'),
    });
  },
);

test('audit F14: a base by an absolute path is named, if the adapter says nothing about its weights', async () => {
  const { adapter } = await writeAdapter();
  expect((await openSavedModel(join(folder, 'adapter'))).warnings).toEqual([]);
  await adapter.remove('attune.json');
  const { warnings } = await openSavedModel(join(folder, 'adapter'));
  expect(warnings).toEqual([`${join(folder, 'adapter')} is for the base at ${join(folder, 'base')}`]);
});

test('audit F14: saving copies nothing that a link of the model names', async () => {
  await writeTinyBert(nodeStorage(join(folder, 'base')));
  await writeFile(join(folder, 'secret'), 'secret');
  await symlink(join(folder, 'secret'), join(folder, 'base/vocab.json'));
  const path = join(folder, 'base');
  const model = await sequenceClassification(path, { labels: ['x', 'y'] });
  await expect(model.save(nodeStorage(join(folder, 'copy')))).rejects.toMatchObject({
    code: 'E_PATH_ESCAPE',
    file: join(path, 'vocab.json'),
  });
});

test.each(['predict', 'evaluate', 'merge', 'export', 'inspect', 'train'])(
  'T09 unsafe-model: %s says how a pickled adapter is converted',
  async (command) => {
    const { adapter } = await writeAdapter();
    await adapter.rename('adapter_model.safetensors', 'adapter_model.bin');
    const path = join(folder, 'adapter');
    const given = command === 'inspect' ? [path] : ['--model', path];
    const data = { evaluate: '--data', train: '--train' }[command];
    const more = [
      ...(data ? [data, path] : []),
      ...(command === 'predict' ? ['--text', 'x'] : []),
      ...(['merge', 'export', 'train'].includes(command) ? ['--output', join(folder, 'output')] : []),
    ];
    const { code, last } = await runCommand([command, ...given, ...more, '--json']);
    expect({ code, last }).toMatchObject({
      code: 2,
      last: { code: 'E_UNSAFE_FORMAT', hint: expect.stringContaining('PeftModel') },
    });
  },
);

test('T09 unsafe-model: a pickled file is refused by its name', async () => {
  await writeFile(join(folder, 'model.pt'), 'x');
  await expect(openSavedModel(join(folder, 'model.pt'))).rejects.toMatchObject({ code: 'E_UNSAFE_FORMAT' });
  expect((await runCommand(['inspect', join(folder, 'model.pt'), '--json'])).last).toMatchObject({
    code: 'E_UNSAFE_FORMAT',
  });
});

test('field 17: predict warns of fields of a newer PEFT', async () => {
  const { adapter } = await writeAdapter();
  await changeConfig(adapter, { use_something_new: true });
  const args = ['predict', '--model', join(folder, 'adapter'), '--text', 'the cat', '--backend', 'reference'];
  const { code, err } = await runCommand(args);
  expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('use_something_new') });
});
