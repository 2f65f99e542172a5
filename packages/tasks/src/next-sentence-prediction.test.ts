/** Next sentences: transformers' logits, pairs from lines and from tables, and a model that learns which belong together. */
import { onnx } from '@attune/backend-onnx';
import { Trainer } from '@attune/core';
import { csv, rows, textLines, textSource } from '@attune/data';
import { inMemory, MemoryStorage, openSafetensors, readJson, writeJson, writeSafetensors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { openModel } from '@attune/inference';
import { hostTensor } from '@attune/ir';
import { loadModel, loadTaskModel } from '@attune/models';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { full } from '@attune/strategies';
import { attuneFailure } from '@attune/testing/attune-failure';
import { expect, test } from 'vitest';
import { trainedTasks } from './list.js';

const task = trainedTasks['next-sentence-prediction'];
const dropout = { hidden: 0, attention: 0, classifier: 0 };
const load = async () => loadTaskModel(await tinyBert(), task, { dropout, maxLength: 24 });

// transformers' head is that of its classifier of texts with two classes, under another name.
test.skipIf(skipsGolden)('gives the logits of transformers', async () => {
  const folder = nodeStorage(sharedPath('golden/models/bert-seqcls'));
  const [weights, batch, expected] = await Promise.all(
    ['model.safetensors', 'batch.safetensors', 'expected.safetensors'].map((name) => openSafetensors(folder, name)),
  );
  const tensors = await Promise.all(
    weights!.names.map(async (name) => {
      const tensor = await weights!.read(name);
      if (!name.startsWith('classifier.')) return [name, tensor] as const;
      const [classes = 1, ...rest] = tensor.type.shape;
      const two = Array.from(tensor.data.slice(0, (tensor.data.length / classes) * 2), Number);
      return [name.replace('classifier', 'cls.seq_relationship'), hostTensor([2, ...rest], two)] as const;
    }),
  );
  const storage = new MemoryStorage('golden');
  await writeSafetensors(storage, 'model.safetensors', inMemory(new Map(tensors)));
  const config = await readJson(folder, 'config.json');
  await writeJson(storage, 'config.json', { ...Object(config), architectures: ['BertForNextSentencePrediction'] });
  const { model, weights: loaded, created } = await loadModel(storage, { task });
  expect(created).toEqual([]);
  const outputs = forwardOutputs(model, loaded, {
    inputIds: await batch!.read('input_ids'),
    attentionMask: await batch!.read('attention_mask'),
    tokenTypeIds: await batch!.read('token_type_ids'),
  });
  const three = await expected!.read('logits');
  const logits = outputs.get('logits')!;
  for (const [index, value] of logits.data.entries()) {
    expect(value).toBeCloseTo(three.data[Math.floor(index / 2) * 3 + (index % 2)]!, 5);
  }
});

test('makes a right pair and a wrong one of every line and the line after it', async () => {
  const model = await load();
  const lines = textLines(textSource('lines.txt', 'the cat\nin bonn\n\nthe dog\nin paris\n'));
  const { examples } = await model.encode(lines);
  const table = csv(textSource('pairs.csv', 'a,b\nthe cat,in bonn\nin bonn,the dog\nthe dog,in paris\n'), {
    text: 'a',
    textPair: 'b',
  });
  expect(examples.map(({ labels }) => labels.labels)).toEqual([0, 1, 0, 1, 0, 1]);
  expect((await model.encode(table)).examples.map(({ ids }) => ids)).toEqual(examples.map(({ ids }) => ids));
  expect(examples[0]?.typeIds).toEqual([0, 0, 0, 0, 1, 1, 1]);
});

test('learns which texts belong together, and what is saved tells', async () => {
  const words = ['cat', 'dog', 'mat'];
  const train = rows(words.map((word) => ({ text: `the ${word} sat`, textPair: `the ${word} is good` })));
  const backend = onnx({ threads: 1 });
  await using trainer = new Trainer({
    ...{ model: await load(), train, evaluation: train, strategy: full(), backend, seed: 0 },
    ...{ learningRate: 1e-2, numTrainEpochs: 40, perDeviceTrainBatchSize: 6 },
  });
  const accuracies: (number | undefined)[] = [];
  for await (const event of trainer.train()) if (event.type === 'evaluation') accuracies.push(event.metrics.accuracy);
  expect(accuracies.at(-1)).toBe(1);
  const saved = new MemoryStorage('saved');
  await trainer.save(saved);
  expect(await readJson(saved, 'config.json')).toMatchObject({ architectures: ['BertForNextSentencePrediction'] });
  await using opened = await openModel(saved, { backend, task });
  const answers = await opened.predict([
    { text: 'the cat sat', textPair: 'the cat is good' },
    { text: 'the cat sat', textPair: 'the mat is good' },
  ]);
  expect(answers.map(({ score }) => score > 0.5)).toEqual([true, false]);
});

test('refuses texts that make no two pairs', async () => {
  const error = await attuneFailure((await load()).check(rows([{ text: 'the cat' }], { name: 'alone' })));
  expect(error).toMatchObject({ code: 'E_DATA_EMPTY', file: 'alone', message: expect.stringMatching(/0 pairs/) });
});
