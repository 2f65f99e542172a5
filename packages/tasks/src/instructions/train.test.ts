/** A decoder is taught by conversations, as the command and the front door do it. */
import { mkdtemp, writeFile as writeToDisk } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnx } from '@attune/backend-onnx';
import { Learner, Trainer } from '@attune/core';
import { instructionRows } from '@attune/data';
import { MemoryStorage, writeFile } from '@attune/hub';
import { causalLanguageModel } from '@attune/models';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import { full, lora, neftune, promptTuning } from '@attune/strategies';
import { attuneFailure } from '@attune/testing/attune-failure';
import { beforeAll, describe, expect, it } from 'vitest';

const backend = onnx({ threads: 1 });
const base = new MemoryStorage('base');
const animals = ['cat', 'dog', 'mat', 'sat'];
const conversations = animals.flatMap((animal) => [
  {
    messages: [
      { role: 'user', content: `where is the ${animal}` },
      { role: 'assistant', content: `${animal} in bonn` },
    ],
  },
  {
    messages: [
      { role: 'user', content: animal },
      { role: 'assistant', content: 'very good' },
    ],
  },
]);
const template = '{% for m in messages %}{{ m.content }}[SEP]{% endfor %}';

beforeAll(async () => {
  await writeTinyLlama(base);
  await writeFile(base, 'chat_template.jinja', template);
});

describe('instruction tuning', () => {
  it('learns answers with LoRA, noise on embeddings and packed rows, and measures accuracy on targets', async () => {
    const model = await causalLanguageModel(base, {
      maxLength: 24,
      assistantOnlyLoss: true,
      packing: true,
      tokenAccuracy: true,
    });
    const train = instructionRows(conversations);
    const { dataset } = await model.encode(train);
    expect(dataset.length).toBeLessThan(conversations.length);
    const evaluations: Readonly<Record<string, number>>[] = [];
    await using trainer = new Trainer({
      model,
      train,
      evaluation: train,
      strategy: [lora({ r: 8, alpha: 16 }), neftune({ noiseAlpha: 1 })],
      backend,
      learningRate: 0.02,
      maxSteps: 40,
      perDeviceTrainBatchSize: 2,
      evalStrategy: 'steps',
      evalSteps: 20,
      loadBestModelAtEnd: false,
    });
    for await (const event of trainer.train()) if (event.type === 'evaluation') evaluations.push(event.metrics);
    const [first, last] = [evaluations[0], evaluations.at(-1)];
    expect(last?.loss).toBeLessThan(first?.loss ?? 0);
    expect(last?.tokenAccuracy).toBeGreaterThan(0.6);
    expect(last?.perplexity).toBeCloseTo(Math.exp(last?.loss ?? 0), 4);
  });

  it('neftune changes what is trained, and nothing that is measured', async () => {
    const model = await causalLanguageModel(base, { maxLength: 24 });
    const [make] = (await model.encode(instructionRows(conversations))).dataset.batches({ batchSize: 4 });
    const batch = make?.() ?? { tensors: {} };
    const under = async (strategy: Parameters<typeof Learner.open>[0]['strategy']) => {
      await using learner = await Learner.open({ model, strategy, backend });
      const gradients = await learner.gradients([batch]);
      return { loss: (await learner.loss([batch])).loss, data: gradients.get('model.norm.weight')?.data };
    };
    const [plain, noisy] = [await under(full()), await under([full(), neftune()])];
    expect(noisy.loss).toBe(plain.loss);
    expect(noisy.data).not.toEqual(plain.data);
  });

  it('keeps a template that is given with what is saved, and refuses packing with virtual tokens', async () => {
    const given = new MemoryStorage('given');
    await writeTinyLlama(given);
    const missing = await causalLanguageModel(given, { maxLength: 24 });
    expect(await attuneFailure(missing.encode(instructionRows(conversations)))).toMatchObject({
      code: 'E_TEMPLATE',
      hint: expect.stringContaining('--chat-template FILE'),
    });
    const file = join(await mkdtemp(join(tmpdir(), 'template-')), 'own.jinja');
    await writeToDisk(file, template);
    const model = await causalLanguageModel(given, { maxLength: 24, chatTemplate: file });
    expect((await model.encode(instructionRows(conversations))).dataset.length).toBe(conversations.length);
    const saved = new MemoryStorage('saved');
    await model.describe(saved);
    expect(new TextDecoder().decode(await saved.read('chat_template.jinja'))).toBe(template);
    const packed = await causalLanguageModel(base, { maxLength: 24, packing: true });
    const options = { model: packed, train: instructionRows(conversations), backend, maxSteps: 1 };
    await using trainer = new Trainer({ ...options, strategy: promptTuning({ numVirtualTokens: 2 }) });
    const training = (async () => {
      for await (const _ of trainer.train());
    })();
    expect(await attuneFailure(training)).toMatchObject({ code: 'E_STRATEGY', field: 'packing' });
  });
});
