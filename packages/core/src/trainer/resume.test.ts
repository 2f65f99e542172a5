import { MemoryStorage, type Storage, writeFile } from '@attune/hub';
import { hashFile } from '@attune/hub/internal';
import { referenceBackend } from '@attune/ir';
import { lora } from '@attune/strategies';
import { beforeAll, describe, expect, test } from 'vitest';
import { discoverCheckpoint, requireCheckpoint } from '../checkpoint/load.js';
import { CHECKPOINT_FORMAT, type Manifest, sealManifest, verifyCheckpoint } from '../checkpoint/manifest.js';
import { checkpointSteps } from '../checkpoint/names.js';
import { sequenceClassificationObjective } from '../objectives/classification.js';
import type { TrainEvent } from './events.js';
import { CLASSES, tinyDataset, tinyExamples, tinyHead, tinyModel } from './testing/tiny.js';
import { collect, lossesOf, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';
import type { TrainerOptions } from './trainer-options.js';

/** Trains, stopping after step `stop`; with 0 to the end. */
async function train(output: Storage, options: Partial<TrainerOptions>, stop = 0, resume = false) {
  await using trainer = tinyTrainer(output, options);
  const controller = new AbortController();
  const events: TrainEvent[] = [];
  for await (const event of trainer.train({ signal: controller.signal, resume })) {
    events.push(event);
    if (event.type === 'step' && event.step === stop) controller.abort(new Error('enough'));
  }
  return { events, losses: lossesOf(events), weights: numbersOf(await trainer.weights()) };
}

async function filesOf(output: Storage, path: string) {
  const verdict = await verifyCheckpoint(output, path);
  return verdict.valid ? { files: verdict.manifest.files, run: verdict.manifest.run } : verdict.problem;
}

const evaluationsOf = (events: readonly TrainEvent[]) => events.filter(({ type }) => type === 'evaluation');

const cases: Readonly<Record<string, Partial<TrainerOptions>>> = {
  'all parameters, adamw, averages': { emaDecay: 0.9, earlyStoppingPatience: 20 },
  'head with cached activations, sgd': { strategy: tinyHead, optim: 'sgd', gradientAccumulationSteps: 1, maxSteps: 12 },
  'LoRA with dropout and its head': {
    strategy: lora({ r: 2, dropout: 0.3, targetModules: ['encoder'] }),
    learningRate: 0.2,
  },
  'adafactor, rate by plateau': { optim: 'adafactor', lrSchedulerType: 'reduce_lr_on_plateau', warmupSteps: 0 },
};

describe.each(Object.entries(cases))('T18: %s', (_, options) => {
  const whole = new MemoryStorage();
  let expected: Awaited<ReturnType<typeof train>>;

  beforeAll(async () => {
    expected = await train(whole, options);
    expect(expected.losses.size).toBe(12);
  });

  test.each(Array.from({ length: 12 }, (_, index) => index + 1))('stopped after step %i', async (stop) => {
    const output = new MemoryStorage();
    const first = await train(output, options, stop);
    const second = await train(output, options, 0, true);
    expect(new Map([...first.losses, ...second.losses])).toEqual(expected.losses);
    expect([...evaluationsOf(first.events), ...evaluationsOf(second.events)]).toEqual(evaluationsOf(expected.events));
    expect(second.weights).toEqual(expected.weights);
    expect(await filesOf(output, 'checkpoint-12')).toEqual(await filesOf(whole, 'checkpoint-12'));
  });
});

describe('T21: a checkpoint that was damaged', () => {
  const damages: Readonly<Record<string, (output: Storage, path: string) => Promise<void>>> = {
    async 'one flipped bit'(output, path) {
      const bytes = await output.read(`${path}/optimizer.safetensors`);
      bytes[bytes.length - 3]! ^= 4;
      await writeFile(output, `${path}/optimizer.safetensors`, bytes);
    },
    async 'a truncated file'(output, path) {
      const bytes = await output.read(`${path}/trainable.safetensors`);
      await writeFile(output, `${path}/trainable.safetensors`, bytes.subarray(0, bytes.length - 1));
    },
    'a deleted file': (output, path) => output.remove(`${path}/trainer.json`),
    'no manifest': (output, path) => output.remove(`${path}/manifest.json`),
    'half a manifest': (output, path) => writeFile(output, `${path}/manifest.json`, '{"format": 2, "step"'),
    'an older format': (output, path) => writeManifest(output, path, { format: CHECKPOINT_FORMAT - 1 }),
    'a newer format': (output, path) => writeManifest(output, path, { format: CHECKPOINT_FORMAT + 1, parts: [] }),
    'a manifest without files': async (output, path) =>
      writeManifest(output, path, { ...(await readManifest(output, path)), files: {} }),
    "another checkpoint's state of the trainer": async (output, path) => {
      const { sha256: _, ...content } = await readManifest(output, path);
      const state = JSON.parse(new TextDecoder().decode(await output.read(`${path}/trainer.json`)));
      await writeFile(output, `${path}/trainer.json`, JSON.stringify({ ...state, step: 3 }));
      const file = await hashFile(output, `${path}/trainer.json`);
      await writeManifest(
        output,
        path,
        sealManifest({ ...content, files: { ...content.files, 'trainer.json': file } }),
      );
    },
  };

  test.each(Object.entries(damages))('%s', async (_, damage) => {
    const output = new MemoryStorage();
    const expected = await train(output, {});
    await damage(output, 'checkpoint-12');
    const { events, weights } = await train(output, {}, 0, true);
    expect(events[0]).toMatchObject({ type: 'warning', message: expect.stringContaining('checkpoint-12') });
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ resumedFrom: 8 });
    expect(weights).toEqual(expected.weights);
    expect((await discoverCheckpoint(output)).found?.path).toBe('checkpoint-12');
    await damage(output, 'checkpoint-12');
    await using trainer = tinyTrainer(output);
    await expect(collect(trainer, { resume: 'checkpoint-12' })).rejects.toMatchObject({ code: 'E_CHECKPOINT' });
  });
});

describe('T21: a manifest that was changed', () => {
  const output = new MemoryStorage();
  let whole: Manifest;
  beforeAll(async () => {
    await train(output, {});
    whole = await readManifest(output, 'checkpoint-12');
  });

  /** The value with each field, at every depth, removed and changed in turn. */
  function* damaged(value: unknown, path = ''): Generator<readonly [string, unknown]> {
    if (typeof value === 'number') yield [`${path} + 1`, value + 1];
    if (typeof value === 'string') yield [`${path} with a letter more`, `${value}x`];
    if (typeof value === 'boolean' || value === null) yield [`${path} turned`, value !== true];
    if (typeof value !== 'object' || value === null) return;
    const entries = Object.entries(value);
    const isList = Array.isArray(value);
    const made = (changed: readonly (readonly [string, unknown])[]) =>
      isList ? changed.map(([, member]) => member) : Object.fromEntries(changed);
    yield [`${path} with a member more`, made([...entries, ['more', 1]])];
    for (const [at, [name, member]] of entries.entries()) {
      yield [`${path}.${name} removed`, made(entries.toSpliced(at, 1))];
      for (const [what, changed] of damaged(member, `${path}.${name}`))
        yield [what, made(entries.with(at, [name, changed]))];
    }
  }

  test('in any field: the previous checkpoint is used', async () => {
    const damages = [...damaged(whole)];
    expect(damages.length).toBeGreaterThan(80);
    for (const [what, manifest] of damages) {
      await writeManifest(output, 'checkpoint-12', manifest);
      const { found, warnings } = await discoverCheckpoint(output);
      expect({ what, found: found?.path, warnings }).toEqual({
        what,
        found: 'checkpoint-8',
        warnings: [expect.stringContaining('checkpoint-12')],
      });
      await expect(requireCheckpoint(output, 'checkpoint-12'), what).rejects.toMatchObject({ code: 'E_CHECKPOINT' });
    }
    await writeManifest(output, 'checkpoint-12', whole);
    expect((await discoverCheckpoint(output)).found?.path).toBe('checkpoint-12');
  });

  test.each(['checkpoint-100', 'checkpoint-12', 'best'])('a directory renamed to %s', async (name) => {
    const renamed = new MemoryStorage();
    const expected = await train(renamed, {});
    await renamed.remove('checkpoint-12');
    await using fresh = tinyTrainer(renamed);
    await renamed.rename('checkpoint-8', name);
    const events = await collect(fresh, { resume: true });
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    if (name !== 'best') expect(warnings).toEqual([expect.stringContaining(`${name} holds the checkpoint of step 8`)]);
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ resumedFrom: 0 });
    expect(numbersOf(await fresh.weights())).toEqual(expected.weights);
  });
});

const readManifest = async (output: Storage, path: string): Promise<Manifest> =>
  JSON.parse(new TextDecoder().decode(await output.read(`${path}/manifest.json`)));

const writeManifest = (output: Storage, path: string, manifest: unknown): Promise<void> =>
  writeFile(output, `${path}/manifest.json`, JSON.stringify(manifest));

describe('T22: resuming under other settings', () => {
  const changes: Readonly<Record<string, Partial<TrainerOptions>>> = {
    learningRate: { learningRate: 0.04 },
    seed: { seed: 4 },
    optim: { optim: 'lion' },
    perDeviceTrainBatchSize: { perDeviceTrainBatchSize: 3 },
    data: { train: tinyDataset(tinyExamples(12)) },
    strategy: { strategy: tinyHead },
    objective: { objective: sequenceClassificationObjective({ classes: CLASSES, labelSmoothing: 0.1 }) },
    model: {
      model: {
        ...tinyModel(),
        weights: new Map(
          [...tinyModel().weights].map(([name, { type, data }]) => [name, { type, data: data.map((x) => x * 1.01) }]),
        ),
      },
    },
    architecture: { model: tinyModel(0.5) },
    backend: { backend: referenceBackend() },
  };

  test.each(Object.entries(changes))('%s', async (field, change) => {
    const output = new MemoryStorage();
    await train(output, {}, 2);
    const refused = tinyTrainer(output, change);
    await expect(collect(refused, { resume: true })).rejects.toMatchObject({
      code: 'E_RESUME_MISMATCH',
      field,
      message: expect.stringContaining(`${field}: `),
    });
    expect(await checkpointSteps(output)).toEqual([2]);
  });

  test('a field of the configuration is named, with its values', async () => {
    const output = new MemoryStorage();
    const configured = (config: Readonly<Record<string, unknown>>): Partial<TrainerOptions> => {
      const { model, ...rest } = tinyModel();
      return { model: { ...rest, model: { ...model, config } } };
    };
    await train(output, configured({ hidden_act: 'gelu', layer_norm_eps: 1e-12 }), 2);
    const other = tinyTrainer(output, configured({ layer_norm_eps: 1e-5, hidden_act: 'gelu' }));
    await expect(collect(other, { resume: true })).rejects.toMatchObject({
      field: 'architecture',
      message: expect.stringContaining(
        'architecture: {"config":{"layer_norm_eps":1e-12}} before, {"config":{"layer_norm_eps":0.00001}} now',
      ),
    });
  });

  test('another backend and another seed pass where they are allowed, with a head that began anew', async () => {
    const begun = (seed: number): Partial<TrainerOptions> => {
      const { model, weights } = tinyModel();
      const head = [...weights].map(([name, { type, data }]) => {
        const isHead = name.startsWith('classifier.');
        return [name, { type, data: isHead ? data.map((x) => x + seed) : data }] as const;
      });
      const created = [...weights.keys()].filter((name) => name.startsWith('classifier.'));
      return { seed, model: { model, weights: new Map(head), created } };
    };
    const output = new MemoryStorage();
    await train(output, begun(3), 2);
    await using trainer = tinyTrainer(output, { ...begun(4), backend: referenceBackend() });
    await expect(collect(trainer, { resume: true, allowChange: ['seed'] })).rejects.toMatchObject({
      field: 'backend',
      hint: expect.stringMatching(/--allow-change backend\)/),
    });
    const events = await collect(trainer, { resume: true, allowChange: ['seed', 'backend'] });
    expect(events.at(-1)).toMatchObject({ reason: 'completed', step: 12 });
  });

  test('version of Attune', async () => {
    const output = new MemoryStorage();
    await train(output, {}, 2);
    const { sha256: _, ...content } = await readManifest(output, 'checkpoint-2');
    const older = sealManifest({ ...content, run: { ...content.run, version: '0.0.0-older' } });
    await writeManifest(output, 'checkpoint-2', older);
    await expect(collect(tinyTrainer(output), { resume: true })).rejects.toMatchObject({ field: 'version' });
  });

  test('all differences are listed, and allowed ones pass', async () => {
    const output = new MemoryStorage();
    await train(output, {}, 2);
    const change = { learningRate: 0.04, weightDecay: 0.1 };
    await expect(collect(tinyTrainer(output, change), { resume: true, allowChange: ['weightDecay'] })).rejects.toThrow(
      /learningRate: 0.05 before, 0.04 now\.$/,
    );
    await using trainer = tinyTrainer(output, change);
    const events = await collect(trainer, { resume: true, allowChange: ['weightDecay', 'learningRate'] });
    expect(events.at(-1)).toMatchObject({ reason: 'completed', step: 12 });
    await expect(collect(trainer, { resume: true, allowChange: ['learningrate'] })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('learningRate'),
    });
  });

  test('where checkpoints are written may change', async () => {
    const output = new MemoryStorage();
    await train(output, {}, 2);
    const { events } = await train(output, { saveSteps: 5, perDeviceEvalBatchSize: 1 }, 0, true);
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ resumedFrom: 2 });
  });
});

test('a resumed run without a checkpoint begins anew', async () => {
  const { events } = await train(new MemoryStorage(), {}, 0, true);
  expect(events[1]).toMatchObject({ type: 'start', resumedFrom: 0 });
});

test('a finished run that is resumed ends at once with its weights', async () => {
  const output = new MemoryStorage();
  const expected = await train(output, {});
  const again = await train(output, {}, 0, true);
  expect(again.losses.size).toBe(0);
  expect(again.weights).toEqual(expected.weights);
});

describe('field 2: a resumed run that begins at or beyond its end', () => {
  const shorter: Readonly<Record<string, Partial<TrainerOptions>>> = {
    'the same steps': {},
    'fewer steps': { maxSteps: 5 },
    'one step less': { maxSteps: 11 },
    'fewer epochs': { numTrainEpochs: 1 },
    'fewer steps, saved and evaluated at each': { maxSteps: 2, saveSteps: 1, evalStrategy: 'steps', evalSteps: 1 },
    'fewer steps and one checkpoint': { maxSteps: 7, saveTotalLimit: 1 },
  };

  test.each(Object.entries(shorter))('%s: it ends at once, says so, and keeps all checkpoints', async (_, change) => {
    const output = new MemoryStorage();
    const expected = await train(output, { saveSteps: 3 });
    const before = await checkpointSteps(output);
    await using trainer = tinyTrainer(output, { saveSteps: 3, ...change });
    const events = await collect(
      trainer,
      { resume: true, allowChange: ['maxSteps', 'numTrainEpochs'] },
      (event) => event.type === 'step',
    );
    expect(events.map(({ type }) => type)).toEqual(['recipe', 'start', 'warning', 'end']);
    expect(events[2]).toMatchObject({ message: expect.stringContaining('Nothing is left to train') });
    expect(events.at(-1)).toMatchObject({ reason: 'completed', step: 12 });
    expect(await checkpointSteps(output)).toEqual(before);
    expect(numbersOf(await trainer.weights())).toEqual(expected.weights);
  });

  test('an evaluation that was interrupted at the last step is made good', async () => {
    const output = new MemoryStorage();
    await train(output, { evaluation: undefined });
    const { step, ...state } = JSON.parse(
      new TextDecoder().decode(await output.read('checkpoint-12/trainer.json')),
    ) as { readonly step: number };
    await writeFile(output, 'checkpoint-12/trainer.json', JSON.stringify({ ...state, step, evaluated: false }));
    const manifest = await readManifest(output, 'checkpoint-12');
    const { sha256: _, ...content } = manifest;
    const trainer = await hashFile(output, 'checkpoint-12/trainer.json');
    const files = { ...content.files, 'trainer.json': trainer };
    await writeManifest(output, 'checkpoint-12', sealManifest({ ...content, files }));
    await using resumed = tinyTrainer(output, { maxSteps: 4 });
    const events = await collect(resumed, { resume: true, allowChange: ['maxSteps'] }, ({ type }) => type === 'step');
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['evaluation', 'end']));
    expect(events.some(({ type }) => type === 'step')).toBe(false);
  });
});

test('rotation keeps the newest and the best', async () => {
  const output = new MemoryStorage();
  const scores = [0.9, 0.5, 0.4, 0.3];
  const evaluator = () => ({ outputNames: [], add: () => {}, metrics: () => ({ score: scores.shift()! }) });
  await train(output, {
    evaluator,
    metricForBestModel: 'score',
    loadBestModelAtEnd: true,
    saveSteps: 1,
    saveTotalLimit: 2,
  });
  expect(await checkpointSteps(output)).toEqual([3, 11, 12]);
});
