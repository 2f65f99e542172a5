import { onnx } from '@attune/backend-onnx';
import { Trainer, type TrainerOptions } from '@attune/core';
import { encodeClassification, LabelMap, rows } from '@attune/data';
import { MemoryStorage, readJson } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { type SequenceClassifier, sequenceClassification } from '@attune/models';
import { readAttuneFile } from '@attune/models/internal';
import { describe, expect, test } from 'vitest';
import { loadAdapter } from './adapters/load.js';
import { full } from './full.js';
import { lora } from './lora.js';

const directory = sharedPath('models/all-minilm-l6-v2');
const labels = ['card', 'refund', 'transfer'];
const texts = rows([
  { text: 'I lost my card', label: 'card' },
  { text: 'please give me my money back', label: 'refund' },
  { text: 'the transfer has not arrived', label: 'transfer' },
  { text: 'my card was stolen', label: 'card' },
]);

async function trainerOf(model: SequenceClassifier, strategy: TrainerOptions['strategy'], output: MemoryStorage) {
  const { dataset } = await encodeClassification(texts, model.tokenizer, new LabelMap(labels), { maxLength: 16 });
  return new Trainer({
    model,
    train: dataset,
    evaluation: dataset,
    strategy,
    backend: onnx(),
    learningRate: 5e-4,
    maxSteps: 6,
    perDeviceTrainBatchSize: 4,
    saveStrategy: 'no',
    outputDir: output,
  });
}

describe.skipIf(skipsGolden)('a classifier from one line', () => {
  test('full: trains, answers, and saves a model that answers alike', async () => {
    const output = new MemoryStorage();
    const model = await sequenceClassification(directory, { labels, maxLength: 16 });
    await using trainer = await trainerOf(model, full(), output);
    let accuracy: number | undefined;
    for await (const event of trainer.train()) if (event.type === 'evaluation') accuracy = event.metrics.accuracy;
    expect(accuracy).toBe(1);
    const answer = await trainer.predict('I lost my card');
    expect(answer.label).toBe('card');
    expect(answer.labels.map(({ label }) => label).toSorted()).toEqual(labels);
    expect(answer.labels.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
    await trainer.save();
    expect(await readAttuneFile(output)).toEqual({
      task: 'sequence-classification',
      labels,
      problemType: 'single_label_classification',
      maxLength: 16,
      baseSha256: await model.weightsHash(),
    });
    const again = await sequenceClassification(output, { maxLength: 16 });
    expect([again.labels, again.created]).toEqual([labels, []]);
    await using reader = await trainerOf(again, full(), new MemoryStorage());
    expect(await reader.predict('I lost my card')).toEqual(answer);
  }, 120_000);

  test('LoRA: saves an adapter that names its base, where it is told to', async () => {
    const model = await sequenceClassification(nodeStorage(directory), { labels });
    expect(model.maxLength).toBe(512);
    await using trainer = await trainerOf(model, lora({ r: 4 }), new MemoryStorage());
    for await (const _ of trainer.train());
    const target = new MemoryStorage();
    await trainer.save(target);
    expect(await readJson(target, 'adapter_config.json')).toMatchObject({ base_model_name_or_path: directory, r: 4 });
    expect(await target.exists('model.safetensors')).toBe(false);
    expect(await readAttuneFile(target)).toMatchObject({ labels });
    const saved = await loadAdapter(target, model.model);
    const trained = await trainer.weights();
    expect(saved.weights.size).toBeGreaterThan(20);
    for (const [name, tensor] of saved.weights) expect(tensor).toEqual(trained.get(name));
  }, 120_000);

  test('regression and several labels have objectives, metrics and answers of their own', async () => {
    const number = await sequenceClassification(directory, { labels: ['stars'], problemType: 'regression' });
    expect(number.objective.name).toBe('regression');
    const [scored] = await number.text!.encode(['good']);
    expect(scored!.answer([{ logits: Float32Array.of(3.5) }])).toMatchObject({ label: 'stars', score: 3.5 });
    const many = await sequenceClassification(directory, { labels, problemType: 'multi_label_classification' });
    expect(many.objective.name).toBe('multi-label classification');
    const [labelled] = await many.text!.encode(['I lost my card']);
    expect(labelled!.answer([{ logits: Float32Array.of(0, 100, -100) }]).labels).toEqual([
      { label: 'refund', score: 1 },
      { label: 'card', score: 0.5 },
      { label: 'transfer', score: expect.closeTo(0, 6) },
    ]);
  });

  test('more tokens than the model has positions', async () => {
    await expect(sequenceClassification(directory, { labels, maxLength: 513 })).rejects.toMatchObject({
      code: 'E_TOO_LONG',
      field: 'maxLength',
    });
  });
});

test('a path that is no model directory', async () => {
  await expect(sequenceClassification('/nowhere', { labels })).rejects.toMatchObject({ code: 'E_FILE_MISSING' });
});
