import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { traceForward } from '@attune/core/internal';
import { MemoryStorage, openSafetensors, readJson, type WeightsDType, weightsDTypes } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { useLoadCheck } from '@attune/hub/testing/load-check';
import { sharedPath, skipsGolden, skipsPython } from '@attune/hub/testing/python';
import { type HostTensor, hostTensor, interpret, zeros } from '@attune/ir';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoadOptions, loadModel } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import { saveModel } from './save.js';

const loadCheck = useLoadCheck();

const golden = (name: string) => nodeStorage(sharedPath(`golden/models/${name}`));

/** The model's outputs on the golden batch, computed by the reference interpreter. */
async function outputsOf({ model }: LoadedModel, weights: ReadonlyMap<string, HostTensor>, name: string) {
  const source = await openSafetensors(golden(name), 'batch.safetensors');
  const ids = await source.read('input_ids');
  const types = source.names.includes('token_type_ids') ? await source.read('token_type_ids') : zeros(ids.type);
  const fields = { inputIds: ids, attentionMask: await source.read('attention_mask'), tokenTypeIds: types };
  const batch = Object.fromEntries(Object.entries(fields).map(([field, { type }]) => [field, type]));
  const { program } = traceForward({ model, batch });
  const given = new Map([
    ...weights,
    ...Object.entries(fields).map(([field, tensor]) => [`batch/${field}`, tensor] as const),
  ]);
  const values = interpret(
    program,
    program.inputs.map((input) => given.get(input.name)!),
  );
  return new Map(program.outputs.map((output, index) => [output.name, values[index]!]));
}

/** Every tensor times 1.25, so that a file that was only copied is found out. */
const scaled = (weights: ReadonlyMap<string, HostTensor>): ReadonlyMap<string, HostTensor> =>
  new Map(
    [...weights].map(([name, { type, data }]) => [
      name,
      hostTensor(
        type.shape,
        Array.from(data, (x) => x * 1.25),
      ),
    ]),
  );

describe.skipIf(skipsPython)('transformers loads what saveModel wrote, with equal outputs', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-models-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const intents = { labels: ['one', 'two', 'three', 'four'] };
  test.each<[string, string, string, Partial<LoadOptions>, string, readonly string[]]>([
    ['an encoder', 'bert-encoder', 'feature-extraction', {}, 'encoder', ['lastHiddenState']],
    ['a classifier', 'bert-seqcls', 'sequence-classification', {}, 'sequence-classification', ['logits']],
    [
      'an encoder with a new head',
      'bert-encoder',
      'sequence-classification',
      intents,
      'sequence-classification',
      ['logits'],
    ],
    [
      'field 32: a regression of three numbers',
      'bert-seqcls-multilabel',
      'sequence-classification',
      { labels: ['joy', 'anger', 'fear'], problemType: 'regression' },
      'sequence-classification',
      ['logits'],
    ],
    ['a tagger', 'bert-tokcls', 'token-classification', {}, 'token-classification', ['logits']],
    ['a reader', 'bert-qa', 'question-answering', {}, 'question-answering', ['startLogits', 'endLogits']],
    ['a masked language model', 'bert-mlm', 'masked-language-modeling', {}, 'masked-lm', ['logits']],
  ])(
    '%s',
    async (_, name, task, options, pythonTask, outputs) => {
      const loaded = await loadModel(golden(name), { task, ...options });
      const weights = scaled(loaded.weights);
      const directory = join(folder, `${name}-${task}`);
      await saveModel(nodeStorage(directory), loaded, weights);
      const inputs = sharedPath(`golden/models/${name}/batch.safetensors`);
      const found = await loadCheck({ model: directory, task: pythonTask, inputs });
      const own = await outputsOf(loaded, weights, name);
      const expected = outputs.flatMap((output) => Array.from(own.get(output)!.data));
      const actual = found.logits.flat(9).map(Number);
      expect(actual).toHaveLength(expected.length);
      expect(Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)))).toBeLessThan(5e-5);
      if (options.labels) expect(Object.values(found.id2label)).toEqual(options.labels);
    },
    120_000,
  );
});

describe.skipIf(skipsPython)('of the smaller dtypes', () => {
  const inputs = sharedPath('golden/models/bert-mlm/batch.safetensors');
  const saved = async (dtype: WeightsDType, folder: string) => {
    const loaded = await loadModel(golden('bert-mlm'), { task: 'masked-language-modeling' });
    await loaded.save(nodeStorage(folder), loaded.weights, { dtype });
    return (await loadModel(nodeStorage(folder), { task: 'masked-language-modeling' })).weights;
  };

  test('transformers loads float16 as Attune does', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'attune-float16-'));
    const weights = await saved('float16', folder);
    const loaded = await loadModel(golden('bert-mlm'), { task: 'masked-language-modeling' });
    const own = (await outputsOf(loaded, weights, 'bert-mlm')).get('logits')!.data;
    const found = (await loadCheck({ model: folder, task: 'masked-lm', inputs })).logits.flat(9).map(Number);
    await rm(folder, { recursive: true });
    expect(Math.max(...found.map((value, index) => Math.abs(value - own[index]!)))).toBeLessThan(5e-5);
  }, 120_000);

  test('transformers refuses int8 in place of taking codes for weights', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'attune-int8-'));
    await saved('int8', folder);
    await expect(loadCheck({ model: folder, task: 'masked-lm', inputs })).rejects.toThrow(
      /no file named model\.safetensors/,
    );
    await rm(folder, { recursive: true });
  }, 120_000);
});

test.skipIf(skipsPython)(
  'the load check throws what is at fault, and goes on',
  async () => {
    const model = sharedPath('golden/models/bert-seqcls');
    const inputs = `${model}/batch.safetensors`;
    await expect(loadCheck({ model, inputs, text: 'both' })).rejects.toThrow('give either --inputs or --text');
    await expect(loadCheck({ model, inputs, threads: 'x' })).rejects.toThrow('argument --threads: invalid int value');
    await expect(loadCheck({ model, inputs, task: 'masked-lm' })).rejects.toThrow(
      /in check.*missing cls\.predictions.*unexpected classifier\.weight/s,
    );
    expect((await loadCheck({ model, inputs })).shape).toHaveLength(2);
  },
  120_000,
);

describe.skipIf(skipsGolden)('saveModel', () => {
  test('gives the same model back: weights, labels, kind of problem', async () => {
    const loaded = await loadModel(golden('bert-seqcls-multilabel'), { task: 'sequence-classification' });
    const target = new MemoryStorage();
    await saveModel(target, loaded, scaled(loaded.weights));
    const again = await loadModel(target, { task: 'sequence-classification' });
    expect(again.labels).toEqual(loaded.labels);
    expect(again.problemType).toBe('multi_label_classification');
    expect(again.created).toEqual([]);
    expect([...again.weights]).toEqual([...scaled(loaded.weights)]);
  });

  test.each(weightsDTypes)('as %s, the weights are those of the file within its steps', async (dtype) => {
    const loaded = await loadModel(golden('bert-mlm'), { task: 'masked-language-modeling' });
    const target = new MemoryStorage();
    await loaded.save(target, loaded.weights, { dtype });
    const again = await loadModel(target, { task: 'masked-language-modeling' });
    expect([...again.weights.keys()]).toEqual([...loaded.weights.keys()]);
    const share = { float32: 0, float16: 2 ** -11, int8: 1 / 254, 'int8-float16': 1 / 253 }[dtype];
    for (const [name, { data }] of loaded.weights) {
      const found = again.weights.get(name)!.data;
      const largest = Math.max(...Array.from(data, Math.abs));
      const worst = Math.max(...Array.from(data, (value, index) => Math.abs(value - found[index]!)));
      expect(worst, name).toBeLessThanOrEqual(share * largest);
    }
    const loadsAs = dtype === 'float16' ? 'float16' : 'float32';
    expect(await readJson(target, 'config.json')).toMatchObject({ dtype: loadsAs });
  });

  test('keeps a pooler that sentence embeddings do not read', async () => {
    const loaded = await loadModel(golden('bert-seqcls'), { task: 'feature-extraction' });
    const target = new MemoryStorage();
    await saveModel(target, loaded);
    const { names } = await openSafetensors(target, 'model.safetensors');
    expect(names).toContain('pooler.dense.weight');
    expect(names.some((name) => name.startsWith('bert.') || name.startsWith('classifier.'))).toBe(false);
    expect(await readJson(target, 'config.json')).toMatchObject({ architectures: ['BertModel'], dtype: 'float32' });
  });

  test('refuses weights that are not the model’s, by name', async () => {
    const loaded = await loadModel(golden('bert-seqcls'), { task: 'sequence-classification' });
    const weights = new Map(loaded.weights);
    weights.delete('classifier.bias');
    weights.set('classifier.lora_A.default.weight', hostTensor([1], [0]));
    await expect(saveModel(new MemoryStorage(), loaded, weights)).rejects.toMatchObject({
      code: 'E_WEIGHTS_MISMATCH',
      message: expect.stringMatching(
        /there is no classifier\.bias.*classifier\.lora_A\.default\.weight is no parameter/,
      ),
      hint: 'Merge adapters before saving a model.',
    });
  });
});
