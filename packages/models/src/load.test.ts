import {
  inMemory,
  MemoryStorage,
  openSafetensors,
  openWeights,
  readJson,
  type Storage,
  writeJson,
  writeWeights,
} from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { type HostTensor, hostTensor } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { type LoadOptions, loadModel } from './load.js';

type Tensors = Map<string, HostTensor>;
type Config = Record<string, unknown>;

/** A golden model in memory, with its files changed. */
async function changed(
  name: string,
  change: { tensors?(tensors: Tensors): void; config?(config: Config): void },
): Promise<Storage> {
  const golden = nodeStorage(sharedPath(`golden/models/${name}`));
  const source = await openWeights(golden);
  const tensors: Tensors = new Map();
  for (const tensor of source.names) tensors.set(tensor, await source.read(tensor));
  const config: Config = { ...Object(await readJson(golden, 'config.json')) };
  change.tensors?.(tensors);
  change.config?.(config);
  const storage = new MemoryStorage('model');
  await writeWeights(storage, inMemory(tensors));
  await writeJson(storage, 'config.json', config);
  return storage;
}

const classify: LoadOptions = { task: 'sequence-classification' };

/** The same numbers with the axes swapped in name only. */
const reshaped = (tensor: HostTensor, shape: readonly number[]): HostTensor => ({
  type: { ...tensor.type, shape },
  data: tensor.data,
});

describe.skipIf(skipsGolden)('T10 weights-mismatch', () => {
  const query = 'bert.encoder.layer.0.attention.self.query.weight';

  test.each<[string, (tensors: Tensors) => void, RegExp, string]>([
    [
      'a missing tensor',
      (tensors) => tensors.delete(query),
      /misses .*layer\.0\.attention\.self\.query\.weight/,
      query,
    ],
    [
      'an extra tensor',
      (tensors) => tensors.set('bert.encoder.layer.0.extra.weight', hostTensor([2], [1, 2])),
      /without a use, bert\.encoder\.layer\.0\.extra\.weight/,
      'bert.encoder.layer.0.extra.weight',
    ],
    [
      'an extra tensor in the head',
      (tensors) => tensors.set('classifier.scale', hostTensor([1], [1])),
      /classifier\.scale/,
      'classifier.scale',
    ],
    [
      'a wrong shape',
      (tensors) => tensors.set(query, hostTensor([3, 32], new Float32Array(96))),
      /query\.weight is \[3,32\], expected \[32,32\]/,
      query,
    ],
    [
      'a transposed tensor',
      (tensors) => {
        const name = 'bert.encoder.layer.1.output.dense.weight';
        const tensor = tensors.get(name)!;
        tensors.set(name, reshaped(tensor, tensor.type.shape.toReversed()));
      },
      /layer\.1\.output\.dense\.weight is \[56,32\], expected \[32,56\] \(it looks transposed\)/,
      'bert.encoder.layer.1.output.dense.weight',
    ],
    ['half a head', (tensors) => tensors.delete('classifier.bias'), /misses classifier\.bias/, 'classifier.bias'],
    [
      'half a pooler',
      (tensors) => tensors.delete('bert.pooler.dense.weight'),
      /misses bert\.pooler\.dense\.weight/,
      'bert.pooler.dense.weight',
    ],
  ])('%s is named, with expected and found', async (_, tensors, message, field) => {
    const storage = await changed('bert-seqcls', { tensors });
    await expect(loadModel(storage, classify)).rejects.toMatchObject({
      code: 'E_WEIGHTS_MISMATCH',
      file: 'model/model.safetensors',
      field,
      message: expect.stringMatching(message),
      hint: expect.stringContaining('config.json'),
    });
  });

  test('integers where weights should be are an error', async () => {
    const tensors = (all: Tensors) => all.set(query, hostTensor([32, 32], new Int32Array(1024), 'i32'));
    await expect(loadModel(await changed('bert-seqcls', { tensors }), classify)).rejects.toMatchObject({
      code: 'E_WEIGHTS_MISMATCH',
      field: query,
    });
  });

  test('ten of many missing tensors are listed, and the rest counted', async () => {
    const tensors = (all: Tensors) => {
      for (const name of [...all.keys()].filter((each) => each.includes('.encoder.'))) all.delete(name);
    };
    const error = await loadModel(await changed('bert-seqcls', { tensors }), classify).catch(
      (thrown: unknown) => thrown,
    );
    expect(String(error)).toMatch(/and 22 more/);
    expect(String(error).match(/bert\.encoder\.layer/g)).toHaveLength(10);
  });

  test.each<[string, number, number]>([
    ['vocab_size', 97, 96],
    ['hidden_size', 36, 32],
    ['max_position_embeddings', 64, 40],
    ['type_vocab_size', 3, 2],
    ['intermediate_size', 57, 56],
    ['num_hidden_layers', 3, 2],
    ['num_hidden_layers', 1, 2],
  ])('config.json with %s %d where the weights have %d is named', async (field, wrong, right) => {
    const config = (own: Config) => {
      own[field] = wrong;
    };
    await expect(loadModel(await changed('bert-seqcls', { config }), classify)).rejects.toMatchObject({
      code: 'E_WEIGHTS_MISMATCH',
      file: 'model/config.json',
      field,
      message: expect.stringContaining(`${field} is ${wrong}, the weights have ${right}`),
    });
  });

  test('nothing but a whole head begins anew', async () => {
    const encoder = await loadModel(nodeStorage(sharedPath('golden/models/bert-encoder')), {
      ...classify,
      labels: ['a', 'b', 'c'],
    });
    expect(encoder.created).toEqual(['classifier.weight', 'classifier.bias']);
    await expect(
      loadModel(await changed('bert-tokcls', {}), { task: 'feature-extraction', outputPooler: true }),
    ).rejects.toMatchObject({ code: 'E_WEIGHTS_MISMATCH', field: 'pooler.dense.weight' });
  });
});

describe.skipIf(skipsGolden)('bad configurations', () => {
  test.each<[string, Config, string]>([
    ['heads that do not divide', { num_attention_heads: 5 }, 'num_attention_heads'],
    ['text for a number', { hidden_size: '32' }, 'hidden_size'],
    ['a dropout rate of 1', { hidden_dropout_prob: 1 }, 'hidden_dropout_prob'],
    ['relative positions', { position_embedding_type: 'relative_key' }, 'position_embedding_type'],
  ])('%s', async (_, fields, field) => {
    const storage = await changed('bert-seqcls', { config: (config) => Object.assign(config, fields) });
    await expect(loadModel(storage, classify)).rejects.toMatchObject({
      code: 'E_CONFIG',
      file: 'model/config.json',
      field,
    });
  });

  test('an architecture or activation that does not exist is named, with those that do', async () => {
    const storage = await changed('bert-seqcls', {
      config: (config) => Object.assign(config, { model_type: 'constructor' }),
    });
    await expect(loadModel(storage, classify)).rejects.toMatchObject({
      code: 'E_MODEL_UNSUPPORTED',
      message: expect.stringMatching(/model_type is "constructor"; Attune has [a-z_, -]*bert/),
    });
    const other = await changed('bert-seqcls', { config: (config) => Object.assign(config, { hidden_act: 'gleu' }) });
    await expect(loadModel(other, classify)).rejects.toMatchObject({
      code: 'E_MODEL_UNSUPPORTED',
      field: 'hidden_act',
    });
  });

  test('weights that are not finite are named', async () => {
    const tensors = (all: Tensors) => all.set('classifier.bias', hostTensor([3], [0, Number.NaN, 0]));
    await expect(loadModel(await changed('bert-seqcls', { tensors }), classify)).rejects.toMatchObject({
      code: 'E_NONFINITE',
      field: 'classifier.bias',
    });
  });
});

describe.skipIf(skipsGolden)('names of files', () => {
  test('norms may be called gamma and beta', async () => {
    const tensors = (all: Tensors) => {
      for (const [name, tensor] of [...all]) {
        const old = name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
        all.delete(name);
        all.set(old, tensor);
      }
    };
    const { created, weights } = await loadModel(await changed('bert-seqcls', { tensors }), classify);
    expect(created).toEqual([]);
    expect(weights.has('bert.embeddings.LayerNorm.weight')).toBe(true);
  });

  test('a head begins by the seed and the configuration’s range', async () => {
    const storage = nodeStorage(sharedPath('golden/models/bert-encoder'));
    const head = async (seed: number) =>
      (
        await loadModel(storage, {
          ...classify,
          labels: Array.from({ length: 50 }, (_, index) => `class ${index}`),
          seed,
        })
      ).weights;
    const [first, same, other] = [await head(1), await head(1), await head(2)];
    expect(first.get('classifier.weight')).toEqual(same.get('classifier.weight'));
    expect(first.get('classifier.weight')).not.toEqual(other.get('classifier.weight'));
    const { data } = first.get('classifier.weight')!;
    const deviation = Math.sqrt(Array.from(data).reduce((sum, value) => sum + value * value, 0) / data.length);
    expect(deviation).toBeGreaterThan(0.018);
    expect(deviation).toBeLessThan(0.022);
    expect(first.get('classifier.bias')!.data.every((value) => value === 0)).toBe(true);
  });

  test('a classifier for other labels begins anew, one for the same names stays', async () => {
    const named = (config: Config) => Object.assign(config, { id2label: { 0: 'no', 1: 'maybe', 2: 'yes' } });
    const storage = await changed('bert-seqcls', { config: named });
    const stored = await (await openSafetensors(storage, 'model.safetensors')).read('classifier.weight');
    const same = await loadModel(storage, { ...classify, labels: ['yes', 'no', 'maybe'] });
    expect(same.labels).toEqual(['yes', 'no', 'maybe']);
    const rows = [64, 0, 32].map((start) => Array.from(stored.data.slice(start, start + 32)));
    expect(Array.from(same.weights.get('classifier.weight')!.data)).toEqual(rows.flat());
    expect(same.weights.get('classifier.bias')!.type.shape).toEqual([3]);
    const other = await loadModel(storage, { ...classify, labels: ['red', 'green', 'blue', 'black'] });
    expect(other.created).toEqual(['classifier.weight', 'classifier.bias']);
  });
});
