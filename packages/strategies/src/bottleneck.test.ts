import { onnx } from '@attune/backend-onnx';
import { Learner, sequenceClassificationObjective, sgd } from '@attune/core';
import { planModel } from '@attune/core/internal';
import { inMemory, MemoryStorage, openSafetensors, readJson, writeJson, writeSafetensors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { elementCount, type HostTensor, hostTensor } from '@attune/ir';
import { type LoadedModel, loadModel } from '@attune/models';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { describe, expect, test } from 'vitest';
import { loadAdapter } from './adapters/load.js';
import { openAdapter } from './adapters/open.js';
import { bottleneck, bottleneckMethod } from './bottleneck.js';
import golden from './testing/adapter-hub.json';
import { distance } from './testing/base-bert.js';

type Shapes = Readonly<Record<string, readonly number[] | undefined>>;

/** As adapter_hub.py fills the tensors, in the order of their names. */
const filled = (shapes: Shapes): ReadonlyMap<string, HostTensor> =>
  new Map(
    Object.entries(shapes).map(([name, shape = []], k) => {
      const values = Array.from({ length: elementCount(shape) }, (_, i) => Math.sin(1 + 0.37 * i + k) / 10);
      return [name, hostTensor(shape, values)] as const;
    }),
  );

const heads: Readonly<Record<string, Shapes>> = {
  bert: { 'classifier.bias': [3], 'classifier.weight': [3, 32] },
  llama: {},
};

/** What the library saved. */
async function saved({ adapterConfig, tensors, base }: (typeof golden)[number]): Promise<MemoryStorage> {
  const storage = new MemoryStorage('hub');
  const all = filled({ ...tensors, ...heads[base] });
  const isOfHead = (name: string) => name.startsWith('classifier.');
  const part = (isWanted: (name: string) => boolean) => inMemory(new Map([...all].filter(([name]) => isWanted(name))));
  await writeJson(storage, 'adapter_config.json', adapterConfig);
  await writeSafetensors(
    storage,
    'adapter.safetensors',
    part((name) => !isOfHead(name)),
  );
  if (base === 'bert') await writeSafetensors(storage, 'model_head.safetensors', part(isOfHead));
  return storage;
}

async function baseOf(
  name: string,
): Promise<{ loaded: LoadedModel; fields: Record<string, HostTensor>; labels: HostTensor }> {
  const directory = nodeStorage(sharedPath(`golden/peft/base-${name}`));
  const task = name === 'bert' ? 'sequence-classification' : 'causal-language-modeling';
  const batch = await openSafetensors(directory, 'batch.safetensors');
  const fields = {
    inputIds: await batch.read('input_ids'),
    attentionMask: await batch.read('attention_mask'),
    ...(name === 'bert' ? { tokenTypeIds: await batch.read('token_type_ids') } : {}),
  };
  return { loaded: await loadModel(directory, { task }), fields, labels: await batch.read('labels') };
}

describe.skipIf(skipsGolden)('bottlenecks of AdapterHub', () => {
  test.each(golden.map((each) => [each.name, each.base, each] as const))(
    'issue 18: %s on %s computes, trains and is saved as in the library',
    async (_, name, given) => {
      const { loaded, fields, labels } = await baseOf(name);
      const storage = await saved(given);
      const adapter = await loadAdapter(storage, loaded.model);
      expect(adapter.warnings).toEqual([]);
      const weights = new Map([...loaded.weights, ...adapter.weights]);
      const { model, rewrites } = planModel(loaded.model, [adapter.strategy]);
      const { type, data } = forwardOutputs(model, weights, fields, rewrites).get('logits')!;
      const [, tokens = 0, vocabulary = 0] = type.shape;
      const shown =
        name === 'bert'
          ? Array.from(data)
          : [0, 1, 2].flatMap((row) =>
              Array.from(data.slice((row * tokens + 3) * vocabulary, (row * tokens + 3) * vocabulary + 5)),
            );
      expect(distance(shown, given.logits)).toBeLessThan(1e-5);

      const strategy = bottleneck({ ...bottleneckMethod.parse(given.options), adapterName: given.name });
      const own = new Map([...weights].map(([key, tensor]) => [key.replace('.default.', `.${given.name}.`), tensor]));
      const written = new MemoryStorage('written');
      await strategy.adapt(loaded.model).adapter?.save(written, own, '');
      const at = (file: string) => `${given.name}/${file}`;
      const { version, ...facts } = given.adapterConfig;
      expect(await readJson(written, at('adapter_config.json'))).toMatchObject({ ...facts, model_name: '' });
      for (const file of ['adapter.safetensors', ...(name === 'bert' ? ['model_head.safetensors'] : [])]) {
        const [ours, theirs] = [await openSafetensors(written, at(file)), await openSafetensors(storage, file)];
        expect([...ours.names].sort()).toEqual([...theirs.names].sort());
        for (const key of theirs.names) expect(await ours.read(key)).toEqual(await theirs.read(key));
      }

      if (given.losses.length === 0) return;
      await using learner = await Learner.open({
        model: { model: loaded.model, weights },
        objective: sequenceClassificationObjective({ classes: 3 }),
        strategy: adapter.strategy,
        backend: onnx({ threads: 1 }),
        optimizer: sgd(),
        learningRate: 0.05,
        weightDecay: 0,
        maxGradNorm: 0,
      });
      const losses: number[] = [];
      for (const _step of given.losses) losses.push((await learner.step([{ tensors: { ...fields, labels } }])).loss);
      expect(distance(losses, given.losses)).toBeLessThan(1e-5);
    },
  );

  const fileWith = async (fields: object, tensors: Shapes = {}): Promise<MemoryStorage> => {
    const storage = new MemoryStorage('hub');
    const [{ adapterConfig }] = golden as [(typeof golden)[number]];
    await writeJson(storage, 'adapter_config.json', {
      ...adapterConfig,
      ...fields,
      config: {
        ...adapterConfig.config,
        ...('config' in fields && typeof fields.config === 'object' ? fields.config : {}),
      },
    });
    await writeSafetensors(storage, 'adapter.safetensors', inMemory(filled({})));
    if (Object.keys(tensors).length > 0) {
      await writeSafetensors(storage, 'model_head.safetensors', inMemory(filled(tensors)));
    }
    return storage;
  };

  test.each<[string, object, Shapes, object]>([
    ['another method', { config: { architecture: 'lora' } }, {}, { field: 'config.architecture' }],
    ['hypercomplex layers', { config: { phm_layer: true } }, {}, { field: 'phm_layer' }],
    ['a norm of its own', { config: { ln_before: true } }, {}, { field: 'ln_before' }],
    ['stochastic depth', { config: { stochastic_depth: 0.1 } }, {}, { field: 'stochastic_depth' }],
    ['a flexible head', {}, { 'heads.x.1.weight': [2, 2] }, { field: 'heads.x.1.weight' }],
    ['no name', { name: '' }, {}, { code: 'E_ADAPTER_CONFIG', field: 'name' }],
  ])('issue 18: a file with %s is refused', async (_, fields, head, problem) => {
    await expect(openAdapter(await fileWith(fields, head))).rejects.toMatchObject({
      code: 'E_ADAPTER_UNSUPPORTED',
      ...problem,
    });
  });

  test('issue 18: pickled weights are refused, with the way to convert them', async () => {
    const storage = await fileWith({});
    await storage.rename('adapter.safetensors', 'pytorch_adapter.bin');
    await expect(openAdapter(storage)).rejects.toMatchObject({
      code: 'E_UNSAFE_FORMAT',
      hint: expect.stringContaining('use_safetensors=True'),
    });
  });

  test('issue 18: gelu of files without a version is today’s gelu_new', async () => {
    const storage = await fileWith({ version: undefined, config: { non_linearity: 'gelu' } });
    expect((await openAdapter(storage)).options.nonLinearity).toBe('gelu_new');
  });
});

test.each<[object, object]>([
  [{ leaveOut: [0, 1] }, { code: 'E_STRATEGY', field: 'outputAdapter' }],
  [{ reductionFactor: { 0: 4 } }, { code: 'E_STRATEGY', field: 'reductionFactor' }],
  [{ config: 'compacter' }, { code: 'E_CONFIG', field: 'config' }],
  [{ reductionFactor: 0 }, { code: 'E_CONFIG', field: 'reductionFactor' }],
  [{ nonLinearity: 'swissh' }, { code: 'E_CONFIG', field: 'nonLinearity' }],
])('issue 18: bottleneck %j is refused', async (options, problem) => {
  const { model } = await loadModel(await tinyBert(), { task: 'sequence-classification', labels: ['a', 'b'] });
  const adapt = () => bottleneckMethod.strategy(options).adapt(model);
  expect(adapt).toThrow(expect.objectContaining(problem));
});
