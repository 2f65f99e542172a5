import { onnx } from '@attune/backend-onnx';
import { MemoryStorage, type Storage } from '@attune/hub';
import { hostTensor, mul, reduceSum, tanh } from '@attune/ir';
import { beforeAll, describe, expect, test } from 'vitest';
import { verifyCheckpoint } from '../checkpoint/manifest.js';
import { Learner } from '../learner/learner.js';
import type { Model } from '../model.js';
import { batchNorm, embeddingLayer, linear } from '../nn/layers.js';
import { sequenceClassificationObjective } from '../objectives/classification.js';
import { CLASSES, tinyDataset, tinyExamples, tinyHead, tinyModel } from './testing/tiny.js';
import { lossesOf, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';
import type { TrainableModel } from './trainable-model.js';
import type { TrainerOptions } from './trainer-options.js';

/** The tiny classifier with batch normalisation of its features. */
function normalized(): TrainableModel {
  const { model: plain, weights } = tinyModel();
  const model: Model = {
    ...plain,
    forward(scope, { inputIds }) {
      const tokens = embeddingLayer(scope, 'embeddings', inputIds!, [16, 32]);
      const pooled = mul(reduceSum(tokens, [1]), 1 / inputIds!.type.shape[1]!);
      const hidden = batchNorm(scope, 'norm', tanh(linear(scope, 'encoder', pooled, 16)));
      return { logits: linear(scope, 'classifier', hidden, CLASSES) };
    },
  };
  const filled = (value: number) => hostTensor([16], new Float32Array(16).fill(value));
  const norm = { weight: filled(1), bias: filled(0), running_mean: filled(0), running_var: filled(1) };
  const own = Object.entries(norm).map(([name, tensor]) => [`norm.${name}`, tensor] as const);
  return { model, weights: new Map([...weights, ...own]) };
}

async function train(output: Storage | undefined, options: Partial<TrainerOptions>, stop = 0, resume = false) {
  await using trainer = tinyTrainer(output, { model: normalized(), ...options });
  const controller = new AbortController();
  const events = [];
  for await (const event of trainer.train({ signal: controller.signal, resume })) {
    events.push(event);
    if (event.type === 'step' && event.step === stop) controller.abort(new Error('enough'));
  }
  return { losses: lossesOf(events), weights: numbersOf(await trainer.weights()) };
}

const filesOf = async (output: Storage) => {
  const verdict = await verifyCheckpoint(output, 'checkpoint-12');
  return verdict.valid ? verdict.manifest.files : verdict.problem;
};

const cases: Readonly<Record<string, Partial<TrainerOptions>>> = {
  'all parameters, accumulated, averaged': { emaDecay: 0.9 },
  'the head alone': { strategy: tinyHead, gradientAccumulationSteps: 1, maxSteps: 12 },
};

describe.each(Object.entries(cases))('running statistics: %s', (_, options) => {
  const whole = new MemoryStorage();
  let expected: Awaited<ReturnType<typeof train>>;

  beforeAll(async () => {
    expected = await train(whole, options);
  });

  test('change in training, and not by evaluations', async () => {
    const { running_mean: mean, running_var: variance } = Object.fromEntries(
      Object.entries(expected.weights).map(([name, numbers]) => [name.slice('norm.'.length), numbers]),
    );
    expect(mean!.every((x) => x !== 0)).toBe(true);
    expect(variance!.every((x) => x !== 1 && x > 0)).toBe(true);
    const without = { ...options, evalStrategy: 'no', evaluation: undefined, holdOutShare: 0 } as const;
    expect(await train(undefined, without)).toEqual(expected);
  });

  test.each([1, 5, 10])('stopped after step %i, go on bit for bit', async (stop) => {
    const output = new MemoryStorage();
    const first = await train(output, options, stop);
    const second = await train(output, options, 0, true);
    expect(new Map([...first.losses, ...second.losses])).toEqual(expected.losses);
    expect(second.weights).toEqual(expected.weights);
    expect(await filesOf(output)).toEqual(await filesOf(whole));
  });
});

test('kept activations do not stand behind a batch', async () => {
  const kept = await train(undefined, { ...cases['the head alone'], frozenActivationBytes: 1e9 });
  expect(await train(undefined, { ...cases['the head alone'], frozenActivationBytes: 0 })).toEqual(kept);
});

test('gradients leave them alone, and training cannot train them', async () => {
  const objective = sequenceClassificationObjective({ classes: CLASSES });
  await using learner = await Learner.open({
    model: { ...normalized(), objective },
    strategy: { name: 'all', options: {}, adapt: () => ({ trainable: () => true }) },
    backend: onnx({ threads: 1 }),
  });
  const [batch] = tinyDataset(tinyExamples(11)).batches({ batchSize: 4 });
  const before = numbersOf(await learner.state());
  const gradients = await learner.gradients([batch!()]);
  expect([...gradients.keys()].filter((name) => name.startsWith('norm.'))).toEqual(['norm.weight', 'norm.bias']);
  expect(numbersOf(await learner.state())).toEqual(before);
});
