/** What was saved is used again in two lines, whatever it is. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adaptModel } from '@attune/core';
import { MemoryStorage } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { referenceBackend } from '@attune/ir';
import { sequenceClassification } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import { lora } from '@attune/strategies';
import { questionAnsweringTask, sequenceClassificationTask } from '@attune/tasks';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { openModel } from './open-model.js';

const backend = referenceBackend();
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-inference-'));
  const base = await writeTinyBert(nodeStorage(at('base')));
  const model = await sequenceClassification(base, { labels: ['x', 'y', 'z'], seed: 7 });
  await model.save(nodeStorage(at('classifier')));
  await model.describe(nodeStorage(at('classifier')));
  const { adaptation, weights } = adaptModel(model.model, model.weights, [lora({ r: 2 })], 7, model.created);
  await adaptation.adapter!.save(nodeStorage(at('adapter')), weights, at('base'));
  await model.describe(nodeStorage(at('adapter')));
  await writeTinyLlama(nodeStorage(at('writer')));
});
afterAll(() => rm(folder, { recursive: true }));

describe('openModel', () => {
  it.each(['classifier', 'adapter'])('answers with a saved %s', async (name) => {
    await using model = await openModel(at(name), { backend, task: sequenceClassificationTask });
    expect([model.task, model.labels]).toEqual(['sequence-classification', ['x', 'y', 'z']]);
    const answers = await model.predict(['the cat', { text: 'the dog', textPair: 'a mat' }, '']);
    expect(answers.map(({ labels }) => labels.length)).toEqual([3, 3, 3]);
    const [alone] = await model.predict(['the cat']);
    expect(alone!.label).toBe(answers[0]!.label);
    expect(alone!.score).toBeCloseTo(answers[0]!.score, 5);
    expectTypeOf(alone!.score).toEqualTypeOf<number>();
    expect(await model.predict([])).toEqual([]);
  });

  it('embeds with what it was trained for something else', async () => {
    await using model = await openModel(at('adapter'), { backend });
    const [cat, dog, again] = await model.embed(['the cat', 'the dog', 'the cat']);
    expect(Math.hypot(...cat!)).toBeCloseTo(1, 5);
    expect(cat).toEqual(again);
    expect(dog).not.toEqual(cat);
    const [long] = await model.embed(['the cat'], { normalize: false });
    expect(Math.hypot(...long!)).not.toBeCloseTo(1, 3);
  });

  it('embeds with a bare encoder, which cannot answer', async () => {
    await using model = await openModel(at('base'), { backend });
    expect(await model.embed(['the cat'])).toHaveLength(1);
    await expect(model.predict(['the cat'])).rejects.toMatchObject({ code: 'E_MODEL_UNTRAINED' });
  });

  it('writes with a decoder', async () => {
    await using model = await openModel(at('writer'), { backend });
    const pieces: string[] = [];
    let text = '';
    for await (const written of model.generate('the cat', { maxNewTokens: 4 })) {
      pieces.push(written.piece);
      text = written.text;
    }
    expect(pieces.join('')).toBe(text);
    await expect(model.predict(['the cat'])).rejects.toMatchObject({ code: 'E_CONFIG' });
  });

  it('says which task a model lacks', async () => {
    const options = { backend, task: questionAnsweringTask };
    await expect(openModel(at('classifier'), options)).rejects.toMatchObject({ code: 'E_CONFIG', field: 'task' });
    await using model = await openModel(at('classifier'), { backend });
    await expect(model.generate('the cat').next()).rejects.toMatchObject({ code: 'E_MODEL_UNSUPPORTED' });
  });

  it('takes a storage, with the base of an adapter beside it', async () => {
    const [memory, own] = [new MemoryStorage('adapter'), nodeStorage(at('adapter'))];
    for (const { name } of await own.list('')) {
      const file = await memory.create(name);
      await file.write(await own.read(name));
      await file.close();
    }
    await using model = await openModel(memory, { backend, base: nodeStorage(at('base')) });
    expect(await model.predict(['the cat'])).toHaveLength(1);
  });
});
