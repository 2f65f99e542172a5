import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { combineAdaptations, type Strategy } from '@attune/core';
import { planModel } from '@attune/core/internal';
import {
  inMemory,
  MemoryStorage,
  openSafetensors,
  readJson,
  type Storage,
  writeJson,
  writeSafetensors,
} from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { useLoadCheck } from '@attune/hub/testing/load-check';
import { sharedPath, skipsGolden, skipsPython } from '@attune/hub/testing/python';
import { type HostTensor, hostTensor } from '@attune/ir';
import { type LoadedModel, loadModel } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { sequenceClassificationTask } from '@attune/tasks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoraOptions, lora } from '../lora.js';
import { adaptedWeights, basePath, batchPath, distance, loadBase, moved, outputsOf } from '../testing/base-bert.js';
import { labelCountOf } from './label-count.js';
import { loadAdapter } from './load.js';
import { openAdapter } from './open.js';

let base: LoadedModel;
beforeAll(async () => {
  if (!skipsGolden) base = await loadBase();
});

/** Weights of an adapter as training leaves them: everything that trains has moved. */
function trainedWeights(options: LoraOptions) {
  const strategies = [lora(options)];
  return moved(base, adaptedWeights(base, strategies), strategies);
}

const batch = {
  input_ids: hostTensor([2, 4], [2, 5, 9, 3, 2, 7, 3, 0], 'i32'),
  attention_mask: hostTensor([2, 4], [1, 1, 1, 1, 1, 1, 1, 0], 'i32'),
  token_type_ids: hostTensor([2, 4], [0, 0, 1, 1, 0, 0, 0, 0], 'i32'),
};

/** What trains, in the order of PEFT's names. */
function trainedNames({ model, created }: LoadedModel, strategies: readonly Strategy[]): readonly string[] {
  return [...planModel(model, strategies, created).trainable].sort();
}

/** Our name of a parameter of PEFT's models. */
const ownName = (name: string): string => name.replace('base_model.model.', '').replace('.modules_to_save.default', '');

const save = (storage: Storage, options: LoraOptions, weights: ReadonlyMap<string, HostTensor>) =>
  combineAdaptations([lora(options).adapt(base.model)]).adapter!.save(storage, weights, basePath);

/** Patterns that take a backtracking matcher for ever, on the path of any layer. */
const hostilePatterns = [
  '((\\w|\\.)+)+X',
  '(?:\\w|[a-z]|\\.)*X',
  '(\\w+[)]?\\.?)+X',
  `${'.*'.repeat(12)}X`,
  '(?:\\w?){40}(?:\\.?\\w?){40}X',
];

const variants: readonly (readonly [string, LoraOptions])[] = [
  ['defaults', {}],
  [
    'all linear layers with patterns',
    { targetModules: 'all-linear', rslora: true, r: 3, rankPattern: { query: 5 }, alphaPattern: { dense: 2 } },
  ],
  [
    'embeddings, chosen layers and biases',
    { targetModules: ['word_embeddings', 'output.dense'], bias: 'lora_only', r: 2 },
  ],
  [
    'layers, modules and biases of B',
    { targetModules: ['key'], layersToTransform: [1], loraBias: true, modulesToSave: ['classifier', 'pooler'] },
  ],
  ['a regular expression', { targetModules: '.*layer\\.1\\..*(query|intermediate\\.dense)', modulesToSave: [] }],
];

describe.skipIf(skipsPython)('PEFT loads what the adapter format wrote, with equal logits', () => {
  const loadCheck = useLoadCheck();
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-lora-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(variants)(
    '%s',
    async (name, options) => {
      const weights = trainedWeights(options);
      const adapter = join(folder, name);
      await save(nodeStorage(adapter), options, weights);
      const { logits } = await loadCheck({ adapter, inputs: batchPath, labels: '3' });
      const own = await outputsOf(base, weights, [lora(options)]);
      expect(distance(logits.flat(9).map(Number), own)).toBeLessThan(3e-5);
    },
    120_000,
  );

  test.each<[string, string, string]>([
    ['token-classification', 'bert-tokcls', 'token-classification'],
    ['question-answering', 'bert-qa', 'question-answering'],
    ['masked-language-modeling', 'bert-mlm', 'masked-lm'],
    ['feature-extraction', 'bert-encoder', 'encoder'],
  ])(
    'with the head of %s',
    async (task, name, pythonTask) => {
      const path = sharedPath(`golden/models/${name}`);
      const other = await loadBase(path, task);
      const strategies = [lora({ targetModules: 'all-linear' })];
      const weights = moved(other, adaptedWeights(other, strategies), strategies);
      const { adapter: format } = combineAdaptations(strategies.map((strategy) => strategy.adapt(other.model)));
      const adapter = join(folder, name);
      await format!.save(nodeStorage(adapter), weights, path);
      const inputs = join(path, 'batch.safetensors');
      const labels: Readonly<Record<string, string>> =
        other.labels.length > 0 ? { labels: String(other.labels.length) } : {};
      // PEFT 0.21's PeftModelForQuestionAnswering leaves token_type_ids out; the merged model does not.
      const merge: Readonly<Record<string, string>> = task === 'question-answering' ? { merge: '' } : {};
      const { logits, trainable } = await loadCheck({ adapter, task: pythonTask, inputs, ...labels, ...merge });
      expect(trainable.map(ownName).sort()).toEqual(trainedNames(other, strategies));
      const found = logits.flat(9).map(Number);
      const own = (await outputsOf(other, weights, strategies)).slice(0, found.length);
      expect(distance(found, own)).toBeLessThan(3e-5);
    },
    120_000,
  );

  test.each(['all-linear', undefined])(
    'with the pooler that the base lacks, and trains the same (%s)',
    async (targets) => {
      const directory = nodeStorage(join(folder, `bare-${targets}`));
      await writeTinyBert(directory);
      await writeSafetensors(directory, 'batch.safetensors', inMemory(new Map(Object.entries(batch))));
      const bare = await loadModel(directory, { task: 'sequence-classification', labels: ['a', 'b', 'c'] });
      expect(bare.created).toContain('bert.pooler.dense.weight');
      const strategies = [lora(targets === undefined ? {} : { targetModules: targets })];
      const { adapter: format } = combineAdaptations(
        strategies.map((strategy) => strategy.adapt(bare.model, bare.created)),
      );
      const weights = moved(bare, adaptedWeights(bare, strategies), strategies);
      const adapter = join(folder, `pooler-${targets}`);
      await format!.save(nodeStorage(adapter), weights, directory.name);
      const inputs = join(directory.name, 'batch.safetensors');
      const { logits, trainable } = await loadCheck({ adapter, inputs, labels: '3' });
      expect(distance(logits.flat(9).map(Number), await outputsOf(bare, weights, strategies))).toBeLessThan(3e-5);
      expect(trainable.map(ownName).sort()).toEqual(trainedNames(bare, strategies));
    },
    120_000,
  );

  test('one of several adapters, in a folder of its name', async () => {
    const options: LoraOptions = { adapterName: 'formal', targetModules: ['value'] };
    const weights = trainedWeights(options);
    await save(nodeStorage(join(folder, 'several')), options, weights);
    const { logits } = await loadCheck({ adapter: join(folder, 'several', 'formal'), inputs: batchPath, labels: '3' });
    expect(distance(logits.flat(9).map(Number), await outputsOf(base, weights, [lora(options)]))).toBeLessThan(3e-5);
  }, 120_000);
});

describe.skipIf(skipsGolden)('loadAdapter', () => {
  test.each([...variants, ['all biases', { bias: 'all' }] as const])(
    'gives back what was saved: %s',
    async (_, options) => {
      const weights = trainedWeights(options);
      const storage = new MemoryStorage('adapter');
      await save(storage, options, weights);
      const loaded = await loadAdapter(storage, base.model);
      expect(loaded.base).toBe(basePath);
      const all = new Map([...base.weights, ...loaded.weights]);
      expect(
        distance(await outputsOf(base, all, [loaded.strategy]), await outputsOf(base, weights, [lora(options)])),
      ).toBe(0);
    },
  );

  test('several adapters are saved apart, load under other names, and work together', async () => {
    const options: readonly LoraOptions[] = [
      { adapterName: 'first', r: 2, modulesToSave: [] },
      { adapterName: 'second', r: 3, targetModules: ['value', 'key'], modulesToSave: [] },
    ];
    const strategies = options.map(lora);
    const weights = adaptedWeights(base, strategies);
    const storage = new MemoryStorage('adapters');
    const { adapter } = combineAdaptations(strategies.map((strategy) => strategy.adapt(base.model)));
    await adapter!.save(storage, weights, basePath);
    expect((await storage.list('')).map(({ name }) => name).sort()).toEqual(['first', 'second']);
    const one = await loadAdapter(storage, base.model, { directory: 'first', adapterName: 'x' });
    const two = await loadAdapter(storage, base.model, { directory: 'second', adapterName: 'y' });
    const all = new Map([...base.weights, ...one.weights, ...two.weights]);
    const expected = await outputsOf(base, weights, strategies);
    expect(distance(await outputsOf(base, all, [one.strategy, two.strategy]), expected)).toBeLessThan(1e-6);
  });

  test('keeps the adapter names of paths apart from names of layers', async () => {
    const options: LoraOptions = { adapterName: 'layer', modulesToSave: [] };
    const storage = new MemoryStorage();
    await save(storage, options, trainedWeights(options));
    const { names } = await openSafetensors(storage, 'layer/adapter_model.safetensors');
    expect(names).toContain('base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight');
  });
});

describe.skipIf(skipsGolden)('T10 weights-mismatch: a LoRA for another base', () => {
  /** A saved adapter with its files changed. */
  async function changed(
    tensors: (all: Map<string, HostTensor>) => void,
    config: Readonly<Record<string, unknown>> = {},
  ) {
    const storage = new MemoryStorage('adapter');
    await save(storage, {}, trainedWeights({}));
    const source = await openSafetensors(storage, 'adapter_model.safetensors');
    const all = new Map<string, HostTensor>();
    for (const name of source.names) all.set(name, await source.read(name));
    tensors(all);
    await writeSafetensors(storage, 'adapter_model.safetensors', inMemory(all));
    await writeJson(storage, 'adapter_config.json', {
      ...Object(await readJson(storage, 'adapter_config.json')),
      ...config,
    });
    return storage;
  }

  const query = 'base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight';
  const nothing = () => undefined;

  test('of another width or depth: every tensor with expected and found', async () => {
    const other = await loadModel(nodeStorage(sharedPath('golden/models/bert-seqcls-multilabel')), {
      task: 'sequence-classification',
    });
    const error = await loadAdapter(await changed(nothing), other.model).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'E_ADAPTER_MISMATCH',
      file: 'adapter/adapter_model.safetensors',
      message: expect.stringMatching(/query\.lora_A\.weight is \[8,32\], the base needs \[8,24\]/),
      hint: expect.stringContaining('adapter_config.json'),
    });
  });

  test.each<[string, (all: Map<string, HostTensor>) => void, RegExp]>([
    [
      'a missing tensor',
      (all) => all.delete(query),
      /it lacks bert\.encoder\.layer\.0\.attention\.self\.query\.lora_A\.weight \[8,32\]/,
    ],
    [
      'an extra tensor',
      (all) => all.set(query.replace('layer.0', 'layer.7'), hostTensor([1], [0])),
      /layer\.7.* has no place in the base/,
    ],
  ])('%s', async (_, tensors, message) => {
    await expect(loadAdapter(await changed(tensors), base.model)).rejects.toMatchObject({
      code: 'E_ADAPTER_MISMATCH',
      message: expect.stringMatching(message),
    });
  });

  test('of another architecture: the targets that are not there', async () => {
    await expect(loadAdapter(await changed(nothing, { target_modules: ['q_proj'] }), base.model)).rejects.toMatchObject(
      {
        code: 'E_ADAPTER_MISMATCH',
        field: 'targetModules',
        message: expect.stringContaining('q_proj'),
      },
    );
  });

  test.each<[string, Readonly<Record<string, unknown>>, string, string]>([
    ['another method', { peft_type: 'FOURIERFT' }, 'E_ADAPTER_UNSUPPORTED', 'peft_type'],
    ['QA-LoRA', { use_qalora: true }, 'E_ADAPTER_UNSUPPORTED', 'use_qalora'],
    [
      'an initialisation that changes the base',
      { init_lora_weights: 'pissa_niter_4' },
      'E_ADAPTER_UNSUPPORTED',
      'init_lora_weights',
    ],
    ['a wrong type', { r: 'eight' }, 'E_ADAPTER_CONFIG', 'r'],
    ['field 16: look-around', { target_modules: '(?!.*key).*' }, 'E_ADAPTER_UNSUPPORTED', 'target_modules'],
    ['field 16: a back reference', { exclude_modules: '(q)\\1' }, 'E_ADAPTER_UNSUPPORTED', 'exclude_modules'],
    ['field 16: a key that is no pattern', { rank_pattern: { '(q': 4 } }, 'E_ADAPTER_CONFIG', 'rank_pattern'],
    [
      'audit F2: patterns too long to look at',
      { alpha_pattern: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`(query|x${index})+`, 1])) },
      'E_ADAPTER_UNSUPPORTED',
      'alpha_pattern',
    ],
  ])('%s is refused by its name', async (_, config, code, field) => {
    await expect(loadAdapter(await changed(nothing, config), base.model)).rejects.toMatchObject({ code, field });
  });

  test.each(['target_modules', 'exclude_modules', 'rank_pattern', 'alpha_pattern', 'layers_pattern'])(
    'audit F2: hostile patterns in %s end',
    async (field) => {
      for (const pattern of hostilePatterns) {
        const layers = field === 'layers_pattern' ? { layers_to_transform: [0, 1] } : {};
        const value = field.endsWith('k_pattern') || field === 'alpha_pattern' ? { [pattern]: 8 } : pattern;
        const loaded = loadAdapter(await changed(nothing, { ...layers, [field]: value }), base.model);
        // Where they choose layers, they choose none; where they exclude or scale some, the adapter fits as it was.
        const isChoice = field === 'target_modules' || field === 'layers_pattern';
        if (isChoice) await expect(loaded).rejects.toMatchObject({ code: 'E_ADAPTER_MISMATCH' });
        else expect((await loaded).plan.targets.length).toBeGreaterThan(0);
      }
    },
  );

  test.each(['', 'base_layer.'])(
    'field 14: embeddings that PEFT saved as %sweight take the place of the base’s',
    async (layer) => {
      const words = 'bert.embeddings.word_embeddings';
      const { type, data } = base.weights.get(`${words}.weight`)!;
      const moved = hostTensor(
        type.shape,
        Float32Array.from(data, (value) => value + 1),
      );
      const { weights } = await loadAdapter(
        await changed((all) => all.set(`${words}.${layer}weight`, moved)),
        base.model,
      );
      expect(weights.get(`${words}.weight`)?.data[5]).toBe(moved.data[5]);
      const larger = hostTensor([type.shape[0]! + 1, type.shape[1]!], new Float32Array(data.length + type.shape[1]!));
      const other = loadAdapter(await changed((all) => all.set(`${words}.${layer}weight`, larger)), base.model);
      await expect(other).rejects.toMatchObject({
        code: 'E_ADAPTER_MISMATCH',
        message: expect.stringContaining(words),
      });
    },
  );

  test('audit F7: an empty classifier says nothing about the classes', async () => {
    const adapter = await openAdapter(
      await changed((all) => all.set('base_model.model.classifier.weight', hostTensor([2e8, 0], []))),
    );
    expect(labelCountOf(adapter, sequenceClassificationTask)).toBeUndefined();
  });

  test('field 16: a regular expression of Python with groups is read', async () => {
    const { plan } = await loadAdapter(
      await changed(nothing, { target_modules: '(?:[a-z0-9_]+\\.)+(?P<kind>query|value)' }),
      base.model,
    );
    expect(plan.targets.every((path) => /query|value/.test(path))).toBe(true);
  });

  test('numbers that are not finite are an error', async () => {
    const tensors = (all: Map<string, HostTensor>) => {
      all.set(query, hostTensor([8, 32], new Float32Array(256).fill(Number.NaN)));
    };
    await expect(loadAdapter(await changed(tensors), base.model)).rejects.toMatchObject({ code: 'E_NONFINITE' });
  });
});
