/** What a resumed run is compared by: one case for each argument that counts, which the types ask for. */
import { MemoryStorage } from '@attune/hub';
import { type Backend, referenceBackend } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { classificationEvaluator } from './evaluator.js';
import { tinyDataset, tinyExamples } from './testing/tiny.js';
import { collect, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';
import type { TrainerOptions } from './trainer-options.js';
import type { trainingArguments } from './training-arguments.js';

type Table = typeof trainingArguments;
type OfRole<Role> = { [Name in keyof Table]: Table[Name]['role'] extends Role ? Name : never }[keyof Table];
type Changes<Name extends string> = Readonly<Record<Name, Partial<TrainerOptions>>>;

const backend = referenceBackend();
const warningsOf = (events: Awaited<ReturnType<typeof collect>>) =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

/** A run that was stopped after two steps. */
async function begun(options: Partial<TrainerOptions>): Promise<MemoryStorage> {
  const output = new MemoryStorage();
  await using trainer = tinyTrainer(output, { backend, ...options });
  const controller = new AbortController();
  for await (const event of trainer.train({ signal: controller.signal })) {
    if (event.type === 'step' && event.step === 2) controller.abort();
  }
  return output;
}

async function refusal(output: MemoryStorage, options: Partial<TrainerOptions>) {
  await using trainer = tinyTrainer(output, { backend, ...options });
  return trainer.check({ resume: true }).then(
    () => undefined,
    ({ code, fields }) => ({ code, fields }),
  );
}

describe('T22 resume-mismatch: an argument that decides over the weights', () => {
  const base: Partial<TrainerOptions> = { warmupSteps: 0, warmupRatio: 0 };
  const changes: Changes<OfRole<'weights' | 'length'>> = {
    learningRate: { learningRate: 0.04 },
    numTrainEpochs: { numTrainEpochs: 5 },
    maxSteps: { maxSteps: 20 },
    perDeviceTrainBatchSize: { perDeviceTrainBatchSize: 3 },
    gradientAccumulationSteps: { gradientAccumulationSteps: 1 },
    weightDecay: { weightDecay: 0.1 },
    optim: { optim: 'lion' },
    adamBeta1: { adamBeta1: 0.8 },
    adamBeta2: { adamBeta2: 0.99 },
    adamEpsilon: { adamEpsilon: 1e-6 },
    optimArgs: { optimArgs: { amsgrad: true } },
    maxGradNorm: { maxGradNorm: 0.5 },
    lrSchedulerType: { lrSchedulerType: 'cosine' },
    lrSchedulerKwargs: { lrSchedulerKwargs: { power: 2 } },
    warmupSteps: { warmupSteps: 1 },
    warmupRatio: { warmupRatio: 0.2 },
    classWeights: { classWeights: 'balanced' },
    balancedSampling: { balancedSampling: true },
    holdOutShare: { holdOutShare: 0.2 },
    seed: { seed: 4 },
    emaDecay: { emaDecay: 0.9 },
    loadBestModelAtEnd: { loadBestModelAtEnd: true },
    earlyStoppingPatience: { earlyStoppingPatience: 2 },
  };
  test.each(Object.entries(changes))('%s', async (field, change) => {
    const output = await begun(base);
    expect(await refusal(output, { ...base, ...change })).toEqual({ code: 'E_RESUME_MISMATCH', fields: [field] });
    await using allowed = tinyTrainer(output, { backend, ...base, ...change });
    await allowed.check({ resume: true, allowChange: [field] });
  });
});

/** A measure of its own beside the tiny model's accuracy. */
const otherEvaluator = () => ({ ...classificationEvaluator(['a', 'b', 'c']), metricNames: ['accuracy'] });

const evaluationChanges: Changes<OfRole<'evaluation'> | 'evaluation' | 'evaluator'> = {
  evalStrategy: { evalStrategy: 'epoch' },
  evalSteps: { evalSteps: 3 },
  evalDelay: { evalDelay: 1 },
  metricForBestModel: { metricForBestModel: 'macroF1' },
  greaterIsBetter: { greaterIsBetter: false },
  earlyStoppingThreshold: { earlyStoppingThreshold: 0.1 },
  evaluation: { evaluation: tinyDataset(tinyExamples(8, 1)) },
  evaluator: { evaluator: otherEvaluator },
};
const evaluated: Partial<TrainerOptions> = {
  evalStrategy: 'steps',
  evalSteps: 2,
  metricForBestModel: 'accuracy',
};
const deciding: Readonly<Record<string, Partial<TrainerOptions>>> = {
  'the best model at the end': { loadBestModelAtEnd: true },
  'early stopping': { earlyStoppingPatience: 9 },
  'a rate that follows a metric': { lrSchedulerType: 'reduce_lr_on_plateau', warmupSteps: 0 },
};

describe.each(Object.entries(deciding))('audit F3: with %s, resuming refuses another', (_, mode) => {
  test.each(Object.entries(evaluationChanges))('%s', async (field, change) => {
    const options = { ...evaluated, ...mode };
    expect(await refusal(await begun(options), { ...options, ...change })).toEqual({
      code: 'E_RESUME_MISMATCH',
      fields: [field],
    });
  });
});

describe('audit F3: where evaluations decide over nothing', () => {
  test.each(Object.entries(evaluationChanges))('another %s is no other run', async (_, change) => {
    expect(await refusal(await begun(evaluated), { ...evaluated, ...change })).toBeUndefined();
  });
});

test('audit F3: where another metric is allowed, the best is looked for afresh, and the user is told', async () => {
  const accuracies = [0.9, 0.6, 0.7, 0.5];
  const metrics = () => ({ outputNames: [], add: () => {}, metrics: () => ({ accuracy: accuracies.shift() ?? 0 }) });
  const options: Partial<TrainerOptions> = { loadBestModelAtEnd: true, evaluator: metrics };
  const output = new MemoryStorage();
  const controller = new AbortController();
  await using first = tinyTrainer(output, { backend, ...options, metricForBestModel: 'accuracy' });
  await collect(first, { signal: controller.signal }, (event) => {
    if (event.type === 'evaluation') controller.abort();
    return false;
  });
  await using second = tinyTrainer(output, { backend, ...options, metricForBestModel: 'loss' });
  const allowChange = ['metricForBestModel', 'greaterIsBetter'];
  const events = await collect(second, { resume: true, allowChange });
  expect(warningsOf(events)).toEqual([expect.stringContaining('the best model is looked for among the next ones')]);
  const losses = events.flatMap((event) => (event.type === 'evaluation' ? [event.metrics.loss!] : []));
  const best = events.flatMap((event) => (event.type === 'evaluation' && event.best ? [event.metrics.loss!] : []));
  expect(best.at(-1)).toBe(Math.min(...losses));
});

test('audit F3: trainer.json names the metric and the evaluation data of the best model', async () => {
  const output = await begun({ ...evaluated, loadBestModelAtEnd: true });
  const { best } = JSON.parse(new TextDecoder().decode(await output.read('checkpoint-2/trainer.json')));
  const { fingerprint } = tinyDataset(tinyExamples(7, 1));
  expect(best).toMatchObject({ metric: 'accuracy', greaterIsBetter: true, data: fingerprint });
});

test('T22 resume-mismatch: another version of the runtime goes on with a warning', async () => {
  const versioned = (version: string): Backend => ({
    ...backend,
    async open(options) {
      const device = await backend.open(options);
      return Object.defineProperty(device, 'info', { value: { ...device.info, versions: { runtime: version } } });
    },
  });
  const output = await begun({ backend: versioned('1.29.0') });
  await using same = tinyTrainer(output, { backend: versioned('1.29.0') });
  expect(warningsOf(await collect(same, { resume: true }))).toEqual([]);
  const older = await begun({ backend: versioned('1.29.0') });
  await using other = tinyTrainer(older, { backend: versioned('1.30.0') });
  expect(warningsOf(await collect(other, { resume: true }))).toEqual([
    expect.stringContaining('(runtime 1.29.0 before, 1.30.0 now)'),
  ]);
});

describe('field 38: more epochs for a finished run', () => {
  async function finished(options: Partial<TrainerOptions>) {
    const output = new MemoryStorage();
    await using trainer = tinyTrainer(output, { backend, numTrainEpochs: 2, ...options });
    await collect(trainer);
    return output;
  }

  test.each([
    ['more epochs', {}, { numTrainEpochs: 4 }],
    ['more steps', { maxSteps: 6 }, { maxSteps: 12 }],
    ['epochs in place of steps', { maxSteps: 6 }, { numTrainEpochs: 4 }],
  ] satisfies [string, Partial<TrainerOptions>, Partial<TrainerOptions>][])('%s', async (_, before, now) => {
    const output = await finished(before);
    await using trainer = tinyTrainer(output, { backend, numTrainEpochs: 2, ...now });
    await trainer.check({ resume: true });
    const events = await collect(trainer, { resume: true });
    expect(warningsOf(events)).toEqual([expect.stringContaining('finished after step 6; it goes on to step 12')]);
    const rates = events.flatMap((event) => (event.type === 'step' ? [event.learningRate] : []));
    // Warm-up over 2 of 12 steps, then linear to 0: the rates of steps 7 to 12.
    expect(rates).toEqual([6, 5, 4, 3, 2, 1].map((left) => expect.closeTo((0.05 * left) / 10, 6)));

    await using again = tinyTrainer(output, { backend, numTrainEpochs: 2, ...now });
    expect((await collect(again, { resume: true })).filter(({ type }) => type === 'step')).toEqual([]);
    expect(numbersOf(await again.weights())).toEqual(numbersOf(await trainer.weights()));
  });

  test('after early stopping, with the whole patience again and the best model so far', async () => {
    const scores = [0.9, 0.1, 0.1, 0.2];
    const evaluator = () => ({ outputNames: [], add: () => {}, metrics: () => ({ score: scores.shift() ?? 0 }) });
    const options: Partial<TrainerOptions> = {
      evaluator,
      metricForBestModel: 'score',
      earlyStoppingPatience: 1,
      loadBestModelAtEnd: true,
      saveSteps: 3,
      numTrainEpochs: 3,
    };
    const output = await finished(options);
    await using trainer = tinyTrainer(output, { backend, ...options, numTrainEpochs: 5 });
    const events = await collect(trainer, { resume: true });
    expect(events.at(-1)).toMatchObject({ reason: 'early-stopped', step: 9 });
    const [best] = events.filter(({ type }) => type === 'checkpoint');
    expect(best).toMatchObject({ step: 9 });
  });

  test('fewer epochs, or other settings beside more epochs, are another run', async () => {
    const output = await finished({});
    expect(await refusal(output, { numTrainEpochs: 1 })).toMatchObject({ fields: ['numTrainEpochs'] });
    expect(await refusal(output, { numTrainEpochs: 4, seed: 9 })).toMatchObject({ fields: ['seed'] });
  });
});
