/** Penalty terms on parameters, L2-SP and EWC, in the optimizer step; and the Fisher diagonal that EWC weighs with. */
import { onnx } from '@attune/backend-onnx';
import type { HostTensor } from '@attune/ir';
import { ewc, l2Sp } from '@attune/strategies';
import { describe, expect, test } from 'vitest';
import { fisherDiagonal } from '../learner/fisher.js';
import { Learner } from '../learner/learner.js';
import type { StepBatch } from '../learner/training-programs.js';
import { sequenceClassificationObjective } from '../objectives/classification.js';
import type { Strategy } from '../strategy.js';
import { partsOf } from './batch-parts.js';
import { CLASSES, tinyDataset, tinyExamples, tinyFull, tinyModel } from './testing/tiny.js';

type Tensors = ReadonlyMap<string, HostTensor>;

const backend = onnx({ threads: 1 });
const objective = sequenceClassificationObjective({ classes: CLASSES });
const batches = tinyDataset(tinyExamples(9))
  .batches({ batchSize: 4 })
  .map((make) => make());
const LEARNING_RATE = 0.1;

const open = (strategy: Strategy | readonly Strategy[], maxGradNorm = 0) =>
  Learner.open({
    model: { ...tinyModel(0), created: ['classifier.weight', 'classifier.bias'] },
    objective,
    strategy,
    backend,
    optim: 'sgd',
    learningRate: LEARNING_RATE,
    weightDecay: 0,
    maxGradNorm,
  });

const changed = (weights: Tensors, change: (value: number, at: number, name: string) => number): Tensors =>
  new Map(
    [...weights].map(([name, { type, data }]) => [
      name,
      { type, data: Float32Array.from(data, (value, at) => change(value, at, name)) },
    ]),
  );

function expectClose(got: Tensors, want: Tensors, digits: number): void {
  expect([...got.keys()].sort()).toEqual([...want.keys()].sort());
  for (const [name, { data }] of want) {
    const worst = Math.max(...Array.from(data, (value, at) => Math.abs(value - got.get(name)!.data[at]!)));
    expect(worst, name).toBeLessThan(10 ** -digits);
  }
}

const start = tinyModel(0).weights;
const fisher = changed(start, (_, at) => (at % 3) / 2);

const cases: Readonly<Record<string, readonly [Strategy, (value: number, at: number, name: string) => number]>> = {
  'l2-sp': [
    l2Sp({ alpha: 0.5, beta: 0.25 }),
    (value, at, name) => (name.startsWith('classifier.') ? 0.25 * value : 0.5 * (value - start.get(name)!.data[at]!)),
  ],
  ewc: [
    ewc({ fisher, strength: 3 }),
    (value, at, name) => 3 * fisher.get(name)!.data[at]! * (value - start.get(name)!.data[at]!),
  ],
};

describe.each(Object.entries(cases))('%s', (_, [strategy, pull]) => {
  const [first] = batches;
  test.each<[string, readonly StepBatch[]]>([
    ['in a whole step', [first!]],
    ['once in an accumulated step', partsOf(first!, 2)],
  ])('%s, before clipping', async (__, step) => {
    await using learner = await open(strategy, 0.01);
    // Away from the start, where the pull toward it is 0.
    learner.restore(
      changed(start, (value, at) => value + 0.1 * Math.sin(at)),
      0,
    );
    const before = await learner.weights();
    const gradients = await learner.gradients(step, 0);
    const total = new Map(
      [...gradients].map(([name, { type, data }]) => {
        const weight = before.get(name)!.data;
        return [name, { type, data: data.map((value, at) => value + pull(weight[at]!, at, name)) }] as const;
      }),
    );
    const norm = Math.sqrt(
      [...total.values()].flatMap(({ data }) => Array.from(data)).reduce((sum, x) => sum + x * x, 0),
    );
    const { gradientNorm } = await learner.step(step, 0);
    expect(gradientNorm / norm).toBeCloseTo(1, 4);
    const factor = (LEARNING_RATE * 0.01) / norm;
    const after = changed(before, (value, at, name) => value - factor * total.get(name)!.data[at]!);
    expectClose(await learner.weights(), after, 6);
  });
});

test('a penalty keeps weights nearer to their start', async () => {
  const distances: number[] = [];
  for (const strategy of [[tinyFull], [tinyFull, ewc({ fisher, strength: 10 })]]) {
    await using learner = await open(strategy);
    for (let step = 0; step < 10; step++) await learner.step([batches[step % batches.length]!]);
    const moved = changed(await learner.weights(), (value, at, name) => (value - start.get(name)!.data[at]!) ** 2);
    distances.push([...moved.get('encoder.weight')!.data].reduce((sum, x) => sum + x, 0));
  }
  expect(distances[1]!).toBeLessThan(0.9 * distances[0]!);
});

test('the Fisher diagonal is the mean of the squared gradients of single examples', async () => {
  await using learner = await open(tinyFull);
  const found = await fisherDiagonal(learner, objective, batches);
  const sums = changed(start, () => 0);
  for (const batch of batches) {
    for (const example of partsOf(batch, 4)) {
      for (const [name, { data }] of await learner.gradients([example], 0)) {
        const sum = sums.get(name)!.data;
        for (const [at, value] of data.entries()) sum[at]! += value ** 2 / 9;
      }
    }
  }
  expectClose(found, sums, 5);
  expect(Math.max(...found.get('classifier.weight')!.data)).toBeGreaterThan(1e-3);
  // It leaves the learner as it was.
  await learner.step([batches[0]!]);
  expectClose(await fisherDiagonal(learner, objective, batches), await fisherDiagonal(learner, objective, batches), 9);
});

test('refused: Fisher values of another model, and data without labels', async () => {
  const [name, { data }] = [...fisher][0]!;
  const other = new Map([[name, { type: { shape: [data.length], dtype: 'f32' as const }, data }]]);
  await expect(open(ewc({ fisher: other, strength: 1 }))).rejects.toMatchObject({ code: 'E_STRATEGY', field: name });
  expect(() => ewc({ fisher: new Map(), strength: 1 })).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
  await using learner = await open(tinyFull);
  await expect(fisherDiagonal(learner, objective, [])).rejects.toMatchObject({ code: 'E_DATA' });
});
