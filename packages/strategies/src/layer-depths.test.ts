/** Strategies that go by the depth of layers, on tiny models of each family: what moves, at which step, and how far. */
import { onnx } from '@attune/backend-onnx';
import { Learner, type ParameterSpec, type Strategy, Trainer } from '@attune/core';
import { rows } from '@attune/data';
import { MemoryStorage } from '@attune/hub';
import type { HostTensor } from '@attune/ir';
import { sequenceClassification } from '@attune/models';
import { writeTinyAwdLstm } from '@attune/models/testing/tiny-awd-lstm';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import { describe, expect, test } from 'vitest';
import { bitfit } from './bitfit.js';
import { discriminativeRates } from './discriminative-rates.js';
import { full } from './full.js';
import { gradualUnfreezing } from './gradual-unfreezing.js';
import { head } from './head.js';
import { lora } from './lora.js';
import { mixout } from './mixout.js';
import { partialFreezing } from './partial-freezing.js';
import { reinitializedLayers } from './reinitialized-layers.js';

type Tensors = ReadonlyMap<string, HostTensor>;

const backend = onnx({ threads: 1 });
const LEARNING_RATE = 0.01;

const families = {
  bert: { write: writeTinyBert, layers: 2, lora: 'query' },
  llama: { write: writeTinyLlama, layers: 2, lora: 'q_proj' },
  'awd-lstm': { write: writeTinyAwdLstm, layers: 3, lora: undefined },
};

const examples = rows(
  ['the cat sat', 'paris is good', 'the dog is bad', 'bonn'].map((text, index) => ({
    text,
    label: index % 2 === 0 ? 'animal' : 'place',
  })),
);

const load = async (family: keyof typeof families) =>
  sequenceClassification(await families[family].write(new MemoryStorage()), {
    labels: ['animal', 'place'],
    dropout: { hidden: 0, attention: 0, classifier: 0 },
    maxLength: 16,
  });

async function open(family: keyof typeof families, strategy: readonly Strategy[], steps: number) {
  const model = await load(family);
  const [batch] = (await model.encode(examples)).dataset.batches({ batchSize: 4 });
  if (!batch) throw new Error('no batch');
  const learner = await Learner.open({
    model,
    strategy,
    backend,
    // Not that of the model's own new parameters.
    seed: 7,
    steps,
    optim: 'sgd',
    learningRate: LEARNING_RATE,
    lrSchedulerType: 'constant',
    maxGradNorm: 0,
    weightDecay: 0,
  });
  return { learner, model, batch: batch() };
}

/** The parts of the learning rate that the step moved parameters by: 0 for those that stayed. */
function ratesOf(before: Tensors, after: Tensors, gradients: Tensors, parameters: readonly ParameterSpec[]) {
  const rates = new Map<string, number>();
  for (const { name, isBuffer } of parameters) {
    if (isBuffer) continue;
    const [old, now, gradient] = [before.get(name)!.data, after.get(name)!.data, gradients.get(name)?.data];
    const moved = now.map((value, index) => value - old[index]!);
    if (moved.every((value) => value === 0)) {
      rates.set(name, 0);
      continue;
    }
    const sizes = Array.from(gradient ?? [], Math.abs);
    const largest = sizes.indexOf(Math.max(...sizes));
    rates.set(name, -moved[largest]! / gradient![largest]! / LEARNING_RATE);
  }
  return rates;
}

/** A gradient can be 0, as that of rows that no text has. */
const hasGradient = (gradient: HostTensor | undefined) => gradient?.data.some((value) => Math.abs(value) > 1e-4);

describe.each(['bert', 'llama', 'awd-lstm'] as const)('%s', (family) => {
  const { layers } = families[family];

  test('each parameter has its depth', async () => {
    const { model, weights } = await load(family);
    const depthOf = (path: string) => model.depths?.of(path);
    expect(model.depths?.layers).toBe(layers);
    const found = new Set([...weights.keys()].map(depthOf));
    expect([...found].sort()).toEqual(Array.from({ length: layers + 2 }, (_, depth) => depth));
    const heads = [...weights.keys()].filter((name) => /^(classifier|score|1\.layers)\./.test(name));
    expect(heads.length).toBeGreaterThan(0);
    expect(new Set(heads.map(depthOf))).toEqual(new Set([layers + 1]));
  });

  test('gradual unfreezing with discriminative rates: one depth more each stage, each slower than that above', async () => {
    const stages = layers + 2;
    const decay = 0.5;
    const { learner, model, batch } = await open(family, [gradualUnfreezing(), discriminativeRates({ decay })], stages);
    await using _ = learner;
    const top = layers + 1;
    for (let stage = 0; stage < stages; stage++) {
      const before = await learner.weights();
      const gradients = await learner.gradients([batch], stage);
      await learner.step([batch], stage);
      const rates = ratesOf(before, await learner.weights(), gradients, learner.adapted.parameters);
      const moving = new Set<number>();
      for (const [name, rate] of rates) {
        const depth = model.model.depths!.of(name);
        if (depth < top - stage) expect([name, rate]).toEqual([name, 0]);
        else if (hasGradient(gradients.get(name))) {
          expect(rate, name).toBeCloseTo(decay ** (top - depth), 2);
          moving.add(depth);
        }
      }
      expect(Math.min(...moving)).toBe(top - stage);
    }
  });

  test('partial freezing: the top layer and the head, and no dropout below', async () => {
    const { learner, model } = await open(family, [partialFreezing({ topLayers: 1 })], 2);
    await using _ = learner;
    const depths = [...learner.adapted.trainable].map((name) => model.model.depths!.of(name));
    expect([...new Set(depths)].sort()).toEqual([layers, layers + 1]);
    const all = learner.adapted.parameters.filter(({ isBuffer }) => !isBuffer);
    expect(depths).toHaveLength(all.filter(({ name }) => model.model.depths!.of(name) >= layers).length);
  });

  test('reinitialized layers: the top ones begin anew, all else as it was', async () => {
    const { learner, model } = await open(family, [full(), reinitializedLayers({ topLayers: 1 })], 2);
    await using _ = learner;
    for (const [name, { data }] of learner.adapted.weights) {
      const depth = model.model.depths!.of(name);
      if (!/(weight|weight_hh_l0|weight_ih_l0)$/.test(name) || /norm/i.test(name)) continue;
      const isSame = data.every((value, index) => value === model.weights.get(name)!.data[index]);
      const isHead = /^(classifier|score|1\.layers)\./.test(name);
      expect([name, isSame]).toEqual([name, depth < layers || isHead]);
    }
  });
});

test('two layers a stage, with epochs of their own', async () => {
  const { model } = await load('awd-lstm');
  const { stages } = gradualUnfreezing({ layersPerStage: 2, epochsPerStage: 0.5 }).adapt(model);
  const parameter = (name: string) => ({ name, type: { shape: [], dtype: 'f32' } }) as const;
  const names = ['0.encoder.weight', '0.rnns.0.w', '0.rnns.1.w', '0.rnns.2.w', '1.layers.1.1.weight'];
  const found = stages?.({ steps: 100, epochs: 4, trainable: names.map(parameter) }) ?? [];
  expect(found.map(({ start }) => start)).toEqual([0, 0.125, 0.25]);
  expect(found.map((stage) => names.filter((name) => stage.trainable(parameter(name))).length)).toEqual([1, 3, 5]);
});

test('a rate is the whole one for the head under LoRA, and adapters train in their layers', async () => {
  const { learner } = await open('bert', [lora({ r: 2 }), partialFreezing({ topLayers: 1 })], 2);
  await using _ = learner;
  const names = [...learner.adapted.trainable];
  expect(names.filter((name) => name.includes('layer.1.') && name.includes('lora_'))).toHaveLength(4);
  expect(names.every((name) => !name.includes('layer.0.'))).toBe(true);
  expect(names).toContain('classifier.weight');
  expect(names).not.toContain('bert.encoder.layer.1.attention.self.query.weight');
});

test('the order does not matter to freezing', async () => {
  const { model } = await load('bert');
  const trains = async (strategies: readonly Strategy[]) => {
    const { learner } = await open('bert', strategies, 2);
    await using _ = learner;
    return [...learner.adapted.trainable];
  };
  const freezing = partialFreezing({ topLayers: 1 });
  const biases = await trains([freezing, bitfit()]);
  expect(await trains([bitfit(), freezing])).toEqual(biases);
  expect(biases.filter((name) => name.startsWith('bert.encoder')).every((name) => name.endsWith('.bias'))).toBe(true);
  expect(biases.some((name) => (model.depths?.of(name) ?? 0) < 2)).toBe(false);
});

test.each([
  ['begins anew what an adapter freezes', [lora({ r: 2 }), reinitializedLayers()]],
  ['begins anew what the head freezes', [head(), reinitializedLayers()]],
  ['more layers than there are', [partialFreezing({ topLayers: 3 })]],
] as const)('refused: %s', async (_, strategies) => {
  await expect(open('bert', strategies, 2)).rejects.toMatchObject({ code: 'E_STRATEGY' });
});

test('refused: a run without an end has no stages', async () => {
  const model = await load('bert');
  await expect(Learner.open({ model, strategy: gradualUnfreezing(), backend })).rejects.toMatchObject({
    code: 'E_STRATEGY',
    field: 'steps',
  });
});

describe('mixout', () => {
  test('gives each weight of a pretrained layer its gradient / (1 - p), or none for the share p', async () => {
    const probability = 0.75;
    const gradientsUnder = async (strategy: readonly Strategy[]) => {
      const { learner, batch } = await open('bert', strategy, 1);
      await using each = learner;
      return await each.gradients([batch]);
    };
    const plain = await gradientsUnder([full()]);
    const mixed = await gradientsUnder([mixout({ probability })]);
    expect([...mixed.keys()]).toEqual([...plain.keys()]);
    for (const [name, { data }] of plain) {
      const found = mixed.get(name)?.data ?? [];
      const isMixed = /(query|key|value|dense)\.weight$/.test(name) && name.startsWith('bert.encoder');
      if (!isMixed) {
        // Weights begin where they were pretrained: nothing else changes before the first step.
        expectClose(found, data);
        continue;
      }
      const kept = Array.from(data, (_, index) => Number(found[index] !== 0));
      expectClose(
        found,
        Array.from(data, (value, index) => (value * kept[index]!) / (1 - probability)),
      );
      expect(kept.reduce((sum, each) => sum + each, 0) / kept.length).toBeCloseTo(1 - probability, 1);
    }
  });

  test('saves a plain model, and shares no layer with an adapter', async () => {
    const model = await load('bert');
    const output = new MemoryStorage();
    const options = { model, train: examples, strategy: mixout(), backend, maxSteps: 2, perDeviceTrainBatchSize: 4 };
    await using trainer = new Trainer(options);
    for await (const _ of trainer.train());
    await trainer.save(output);
    const saved = await sequenceClassification(output);
    expect([...saved.weights.keys()]).toEqual([...model.weights.keys()]);
    expect(() => new Trainer({ ...options, strategy: [lora(), mixout()] })).toThrow(/both want the layer/);
  });
});

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  const distance = Array.from(expected, (value, index) => Math.abs(value - (found[index] ?? Number.NaN)));
  expect(Math.max(...distance)).toBeLessThan(1e-5);
}
