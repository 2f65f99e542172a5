/** Objectives that ask for more than one pass: their losses, metrics and masks in the programs that the Trainer runs. */
import { broadcast, div, mean, mul, squaredError } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { type Objective, withMetrics } from '../objective.js';
import { maskedLanguageModeling, sequenceClassificationObjective } from '../objectives/classification.js';
import { combinedObjective } from '../objectives/combined.js';
import { namedValue } from '../objectives/labels.js';
import { rDrop } from '../objectives/r-drop.js';
import type { Strategy } from '../strategy.js';
import type { StepEvent } from './events.js';
import { CLASSES, tinyModel } from './testing/tiny.js';
import { collect, tinyTrainer } from './testing/tiny-trainer.js';
import type { TrainerOptions } from './trainer-options.js';

const plain = sequenceClassificationObjective({ classes: CLASSES });

/** The steps of a run of an epoch. */
async function stepsOf(objective: Objective, options: Partial<TrainerOptions> = {}): Promise<readonly StepEvent[]> {
  await using trainer = tinyTrainer(undefined, { objective, numTrainEpochs: 1, evalStrategy: 'no', ...options });
  return (await collect(trainer)).filter((event) => event.type === 'step');
}

const losses = (steps: readonly StepEvent[]) => steps.map(({ loss }) => loss);

describe('R-Drop', () => {
  test('without dropout is the plain loss, step by step', async () => {
    const model = tinyModel(0);
    const found = losses(await stepsOf(rDrop({ classes: CLASSES, alpha: 3 }), { model }));
    const expected = losses(await stepsOf(plain, { model }));
    for (const [step, loss] of found.entries()) expect(loss).toBeCloseTo(expected[step]!, 6);
  });

  test('sees two masks, and their divergence counts', async () => {
    const model = tinyModel(0.5);
    const [without] = losses(await stepsOf(rDrop({ classes: CLASSES, alpha: 0 }), { model }));
    const [one] = losses(await stepsOf(rDrop({ classes: CLASSES, alpha: 1 }), { model }));
    const [two] = losses(await stepsOf(rDrop({ classes: CLASSES, alpha: 2 }), { model }));
    expect(one! - without!).toBeGreaterThan(1e-3);
    expect(two! - without!).toBeCloseTo(2 * (one! - without!), 5);
  });
});

describe('class weights', () => {
  test('weigh R-Drop too, and are refused by objectives without classes', async () => {
    const model = tinyModel(0);
    const weights = { classWeights: [1, 5, 0.5] };
    const found = losses(await stepsOf(rDrop({ classes: CLASSES, alpha: 2 }), { model, ...weights }));
    const expected = losses(await stepsOf(plain, { model, ...weights }));
    for (const [step, loss] of found.entries()) expect(loss).toBeCloseTo(expected[step]!, 6);
    const masked = maskedLanguageModeling({ classes: CLASSES });
    await expect(stepsOf(masked, { model, ...weights })).rejects.toMatchObject({
      code: 'E_CONFIG',
      field: 'classWeights',
    });
  });
});

/** The plain loss; its metrics are distances of the answers of more passes. */
const measured = (teacher = tinyModel(0)): Objective => ({
  ...plain,
  metricNames: ['same', 'fromBase', 'fromTeacher'],
  models: { teacher },
  loss(context) {
    const { forward, totals } = context;
    const own = namedValue(forward(), 'logits');
    const distance = (to: typeof own) =>
      div(mul(mean(squaredError(own, to)), own.type.shape[0]!), namedValue(totals, 'targets'));
    const again = namedValue(forward(), 'logits');
    return {
      loss: withMetrics(plain.loss(context)).loss,
      metrics: {
        same: distance(again),
        fromBase: distance(namedValue(forward({ adapters: false }), 'logits')),
        fromTeacher: distance(namedValue(forward({ model: 'teacher' }), 'logits')),
      },
    };
  },
});

/** Multiplies what the classifier says by a parameter that trains, beside a base that does not. */
const scaling: Strategy = {
  name: 'scaling',
  options: {},
  adapt: () => ({
    rewrite({ kind, scope, base, input }) {
      if (kind !== 'linear' || scope.path !== 'classifier') return undefined;
      const factor = scope.parameter('factor', [CLASSES], { kind: 'constant', value: 2 });
      const logits = base(input);
      return mul(logits, broadcast(factor, logits.type.shape, [1]));
    },
    trainable: ({ name }) => name === 'classifier.factor',
  }),
};

describe('metrics of an objective', () => {
  test('come with each step: a pass is computed once, the base has no rewrites, the teacher is another model', async () => {
    const model = tinyModel(0);
    const [scaled, , later] = await stepsOf(measured(), { model, strategy: scaling });
    expect(scaled!.metrics!.same).toBe(0);
    expect(scaled!.metrics!.fromBase).toBeGreaterThan(0.1);
    expect(scaled!.metrics!.fromTeacher).toBeCloseTo(scaled!.metrics!.fromBase!, 6);
    // What trains moves; base and teacher stay where they were.
    expect(Math.abs(later!.metrics!.fromBase! - scaled!.metrics!.fromBase!)).toBeGreaterThan(1e-6);
    expect(later!.metrics!.fromTeacher).toBeCloseTo(later!.metrics!.fromBase!, 6);
    expect(await stepsOf(plain, { model })).not.toContainEqual(expect.objectContaining({ metrics: expect.anything() }));
  });

  test('add up under gradient accumulation, also in a combined objective', async () => {
    const model = tinyModel(0);
    const objective = combinedObjective([{ objective: plain }, { objective: measured(), weight: 0.5 }]);
    const strategy = scaling;
    const [whole] = await stepsOf(objective, { model, strategy, perDeviceTrainBatchSize: 4 });
    const [parts] = await stepsOf(objective, {
      model,
      strategy,
      perDeviceTrainBatchSize: 2,
      gradientAccumulationSteps: 2,
    });
    expect(Object.keys(whole!.metrics!)).toEqual(['1.same', '1.fromBase', '1.fromTeacher']);
    expect(Object.keys(parts!.metrics!)).toEqual(Object.keys(whole!.metrics!));
    expect(parts!.metrics!['1.fromTeacher']).toBeGreaterThan(0.1);
  });

  test('are part of evaluations', async () => {
    const model = tinyModel(0);
    const strategy = scaling;
    await using trainer = tinyTrainer(undefined, { objective: measured(), model, strategy });
    const events = await collect(trainer);
    const found = events.find((event) => event.type === 'evaluation');
    expect(found?.metrics).toMatchObject({ same: 0, fromBase: expect.any(Number), loss: expect.any(Number) });
  });

  test('a base that trains along is refused, with the parameter', async () => {
    await expect(stepsOf(measured())).rejects.toMatchObject({ code: 'E_STRATEGY', field: 'embeddings.weight' });
  });

  test('a model that the objective does not have is named', async () => {
    const objective: Objective = { ...plain, loss: ({ forward }) => mean(forward({ model: 'guide' }).logits!) };
    await expect(stepsOf(objective)).rejects.toMatchObject({ code: 'E_PROGRAM', field: 'guide' });
  });
});
