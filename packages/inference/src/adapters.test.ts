/** Several adapters of one base: switched without compiling, each as if it had been opened alone. */

import { onnx } from '@attune/backend-onnx';
import { overrideDevice } from '@attune/conformance';
import { adaptModel, type Strategy } from '@attune/core';
import { MemoryStorage } from '@attune/hub';
import { type Backend, elementCount, type HostTensor, type MemoryStats } from '@attune/ir';
import { causalLanguageModel, sequenceClassification, type TaskModel } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import { lora, prefixTuning, promptTuning } from '@attune/strategies';
import { beforeAll, describe, expect, it } from 'vitest';
import { mergeChange } from './merge-change.js';
import { type OpenModel, openModel } from './open-model.js';
import { openSavedModel } from './saved-model.js';

const plain = onnx({ threads: 1 });
const [base, encoder] = [new MemoryStorage('base'), new MemoryStorage('encoder')];
const saved = new Map<string, MemoryStorage>();
const at = (name: string): MemoryStorage => saved.get(name)!;

/** Saves an adapter that changes the answers, whatever its start. */
async function save<A, I>(name: string, model: TaskModel<A, I>, strategy: Strategy, seed: number): Promise<void> {
  const { adaptation, weights } = adaptModel(model.model, model.weights, [strategy], seed, model.created);
  const moved = [...weights].map(([own, tensor]): [string, HostTensor] =>
    own.includes('lora_B')
      ? [own, { ...tensor, data: tensor.data.map((_, at) => Math.sin(at + seed)) }]
      : [own, tensor],
  );
  const target = new MemoryStorage(name);
  await adaptation.adapter!.save(target, new Map(moved), 'base');
  await model.describe(target);
  saved.set(name, target);
}

beforeAll(async () => {
  const writer = await causalLanguageModel(await writeTinyLlama(base));
  await save('one', writer, lora({ r: 2 }), 1);
  await save('two', writer, lora({ r: 2, dropout: 0.1 }), 2);
  await save('wide', writer, lora({ r: 4 }), 3);
  await save('prefix', writer, prefixTuning({ numVirtualTokens: 3 }), 4);
  await save('prompt', writer, promptTuning({ numVirtualTokens: 3 }), 6);
  await writeTinyBert(encoder);
  for (const [name, labels] of [
    ['pair', ['x', 'y']],
    ['other', ['u', 'v']],
    ['three', ['x', 'y', 'z']],
  ] as const) {
    await save(name, await sequenceClassification(encoder, { labels, seed: labels.length }), lora({ r: 2 }), 5);
  }
});

/** What a device was asked for. */
interface Watched {
  readonly backend: Backend;
  programs: number;
  bytes: number;
  memory(): MemoryStats;
}

function watched(): Watched {
  const seen: Watched = {
    programs: 0,
    bytes: 0,
    memory: () => {
      throw new Error('not open');
    },
    backend: {
      ...plain,
      name: plain.name,
      probe: () => plain.probe(),
      async open(options) {
        const device = await plain.open(options);
        seen.memory = () => device.memory();
        return overrideDevice(device, {
          compile(program, compileOptions) {
            seen.programs += 1;
            return device.compile(program, compileOptions);
          },
          upload(tensor) {
            seen.bytes += 4 * elementCount(tensor.type.shape);
            return device.upload(tensor);
          },
        });
      },
    },
  };
  return seen;
}

type Writer = OpenModel<'causal-language-modeling'>;

async function written(model: Pick<Writer, 'generate'>): Promise<readonly number[]> {
  let tokens: readonly number[] = [];
  for await (const text of model.generate('the cat sat', { maxNewTokens: 4 })) tokens = text.tokens;
  return tokens;
}

describe('adapters of a language model', () => {
  it('answer as each opened alone, compile only what is new, and leave the memory flat', async () => {
    const alone = new Map<string | null, readonly number[]>();
    for (const name of ['one', 'two', 'wide', 'prefix', 'prompt', null]) {
      await using own = await openModel(name === null ? base : at(name), {
        backend: plain,
        task: 'causal-language-modeling',
        ...(name === null ? {} : { base }),
      });
      alone.set(name, await written(own));
    }
    expect(new Set([...alone.values()].map(String)).size).toBe(6);

    const device = watched();
    await using model = await openModel(base, { backend: device.backend, task: 'causal-language-modeling' });
    for (const name of ['one', 'two', 'wide', 'prefix', 'prompt']) await model.loadAdapter(at(name), { name });
    expect([model.adapters, model.activeAdapter]).toEqual([['one', 'two', 'wide', 'prefix', 'prompt'], null]);
    const programs: number[] = [];
    for (const name of [null, 'one', 'two', 'wide', 'prefix', 'prompt']) {
      await model.setAdapter(name);
      expect(await written(model)).toEqual(alone.get(name));
      programs.push(device.programs);
    }
    // A program for the prompt and one for each further token; `two` has those of `one`.
    expect(programs).toEqual([2, 4, 4, 6, 8, 10]);
    const { liveBytes, bufferCount } = device.memory();
    const bytes = device.bytes;
    for (let round = 0; round < 3; round++) {
      for (const name of ['two', null, 'prefix', 'one']) {
        await model.setAdapter(name);
        expect(await written(model)).toEqual(alone.get(name));
      }
    }
    expect(device.programs).toBe(10);
    expect(device.memory()).toMatchObject({ liveBytes, bufferCount });
    // A text that follows a switch uploads no more than one that does not: its prompt, mask and empty cache.
    const perText = (device.bytes - bytes) / 12;
    const again = device.bytes;
    await written(model);
    expect(device.bytes - again).toBe(perText);
    await model.deleteAdapter('wide');
    expect(device.memory().liveBytes).toBeLessThan(liveBytes);
    expect(model.adapters).toEqual(['one', 'two', 'prefix', 'prompt']);
  });

  it('are the default of a directory that was opened, whose base answers without', async () => {
    await using model = await openModel(at('one'), { backend: plain, base, task: 'causal-language-modeling' });
    await using alone = await openModel(base, { backend: plain, task: 'causal-language-modeling' });
    expect([model.adapters, model.activeAdapter]).toEqual([['default'], 'default']);
    expect(await written(model)).not.toEqual(await written(alone));
    await model.setAdapter(null);
    expect(await written(model)).toEqual(await written(alone));
  });
});

describe('adapters of a classifier', () => {
  it('have labels of their own', async () => {
    await using model = await openModel(at('pair'), { backend: plain, base: encoder, task: 'sequence-classification' });
    for (const name of ['other', 'three']) await model.loadAdapter(at(name), { name });
    for (const [name, own] of [
      ['default', 'pair'],
      ['other', 'other'],
      ['three', 'three'],
      ['default', 'pair'],
    ] as const) {
      await using alone = await openModel(at(own), { backend: plain, base: encoder, task: 'sequence-classification' });
      await model.setAdapter(name);
      expect(model.labels).toEqual(alone.labels);
      expect(await model.predict(['the cat', 'a dog'])).toEqual(await alone.predict(['the cat', 'a dog']));
    }
    await model.setAdapter(null);
    await expect(model.predict(['the cat'])).rejects.toMatchObject({ code: 'E_MODEL_UNTRAINED' });
  });

  it('are merged without a change of the outputs, and a change would be told', async () => {
    const opened = await openSavedModel(at('pair'), { base: encoder });
    const { largest, largestOutput } = await mergeChange(opened, plain);
    expect(largest).toBeLessThan(1e-5);
    expect(largestOutput).toBeGreaterThan(1e-3);
    const wrong = await mergeChange({ ...opened, merged: () => opened.weights }, plain);
    expect(wrong.largest).toBeGreaterThan(1e-3);
  });

  it('are refused by name if they do not fit', async () => {
    await using model = await openModel(at('pair'), { backend: plain, base: encoder, task: 'sequence-classification' });
    const load = (directory: MemoryStorage, name: string) => model.loadAdapter(directory, { name });
    await expect(load(at('other'), 'default')).rejects.toMatchObject({ code: 'E_CONFIG', field: 'name' });
    await expect(load(encoder, 'more')).rejects.toMatchObject({ code: 'E_CONFIG', field: 'directory' });
    await expect(load(at('one'), 'more')).rejects.toMatchObject({ code: 'E_CONFIG', field: 'task' });
    await expect(model.deleteAdapter('default')).rejects.toMatchObject({ code: 'E_CONFIG', field: 'name' });
    await load(at('other'), 'other');
    await expect(model.setAdapter('othr')).rejects.toMatchObject({ hint: 'Did you mean "other"?' });
    expect(model.activeAdapter).toBe('default');
  });
});
