import { onnx } from '@attune/backend-onnx';
import { MemoryStorage } from '@attune/hub';
import { hostTensor } from '@attune/ir';
import { expect, test } from 'vitest';
import type { TokenizedDataset } from '../dataset.js';
import { Predictor } from '../learner/predictor.js';
import { type Model, tokenFields } from '../model.js';
import { embeddingLayer } from '../nn/layers.js';
import { meanPooling } from '../nn/pooling.js';
import { embeddingDistillation } from '../objectives/embedding-distillation.js';
import { withProjections } from './projections.js';
import { tinyFull, tinyTask } from './testing/tiny.js';
import type { TrainableModel } from './trainable-model.js';
import { Trainer } from './trainer.js';

const [ROWS, WIDTH, TEACHER] = [6, 3, 5];

const student: Model = {
  architecture: 'bag',
  task: tinyTask,
  config: {},
  maxPositions: 4,
  inputs: tokenFields('inputIds', 'attentionMask'),
  forward(scope, { inputIds, attentionMask }) {
    const states = embeddingLayer(scope, 'words', inputIds!, [ROWS, WIDTH]);
    return { meanPooled: meanPooling(states, attentionMask!) };
  },
};

const wave = (count: number, phase: number) =>
  Array.from({ length: count }, (_, index) => Math.sin(index * 2.3 + phase));

const trainable: TrainableModel = {
  model: student,
  weights: new Map([['words.weight', hostTensor([ROWS, WIDTH], wave(ROWS * WIDTH, 0))]]),
  async save(target, weights) {
    const writer = await target.create('names');
    await writer.write(new TextEncoder().encode([...weights.keys()].join()));
    await writer.close();
  },
};

/** One batch of all rows, one token each. */
const dataset: TokenizedDataset = {
  length: ROWS,
  fingerprint: 'rows',
  batches: () => [
    () => ({
      tensors: {
        inputIds: hostTensor([ROWS, 1], [...Array(ROWS).keys()], 'i32'),
        attentionMask: hostTensor([ROWS, 1], new Array(ROWS).fill(1), 'i32'),
        teacherEmbeddings: hostTensor([ROWS, TEACHER], wave(ROWS * TEACHER, 1)),
      },
      rows: [...Array(ROWS).keys()],
      indices: [...Array(ROWS).keys()],
      tokens: ROWS,
    }),
  ],
};

test('a narrow student learns from a wider teacher, and is saved without what led it there', async () => {
  const model = withProjections(trainable, [{ from: 'meanPooled', to: 'projected', width: TEACHER }]);
  await using trainer = new Trainer({
    model,
    objective: embeddingDistillation({ output: 'projected' }),
    train: dataset,
    strategy: tinyFull,
    backend: onnx({ threads: 1 }),
    learningRate: 0.05,
    numTrainEpochs: 60,
  });
  const before = await trainer.evaluate(dataset);
  for await (const _ of trainer.train());
  expect((await trainer.evaluate(dataset)).loss).toBeLessThan(0.3 * before.loss!);
  expect((await trainer.weights()).get('projections.projected.weight')?.type.shape).toEqual([TEACHER, WIDTH]);
  const target = new MemoryStorage();
  await trainer.save(target);
  expect(new TextDecoder().decode(await target.read('names'))).toBe('words.weight');
});

test('names of outputs are checked when the model is made', () => {
  const named = (from: string, to: string) => () => withProjections(trainable, [{ from, to, width: 2 }]);
  expect(named('meanPooled', 'meanPooled')).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
  expect(named('logits', 'projected')).toThrow(expect.objectContaining({ code: 'E_PROGRAM' }));
});

test('a predictor gives one output per example', async () => {
  await using predictor = await Predictor.open(trainable, { backend: onnx({ threads: 1 }) });
  const rows = await predictor.outputs(dataset, 'meanPooled');
  expect(rows.map((row) => [...row])).toEqual(
    rows.map((_, row) => [...Float32Array.from(wave(ROWS * WIDTH, 0).slice(row * WIDTH, (row + 1) * WIDTH))]),
  );
});
