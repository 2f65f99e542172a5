import { onnx } from '@attune/backend-onnx';
import { causalLanguageModeling, initialize, type LayerRewrite, Learner, type Model } from '@attune/core';
import { describeModel, planModel, unpackedWeights } from '@attune/core/internal';
import { inMemory, MemoryStorage, openWeights, readJson, writeJson, writeWeights } from '@attune/hub';
import { dynamicMap, type HostTensor, hostTensor, NF4_LEVELS, referenceBackend } from '@attune/ir';
import { full, loadAdapter, lora, loraMethod, mergeAdapter } from '@attune/strategies';
import { expect, test } from 'vitest';
import { loadModel } from './load.js';
import { forwardOutputs } from './testing/forward-outputs.js';
import { ggufLlama, ggufLlamaFormats } from './testing/gguf-llama.js';
import { writeTinyLlama } from './testing/tiny-llama.js';

const task = 'causal-language-modeling';
const llama = () => writeTinyLlama(new MemoryStorage('llama'));
const fields = {
  inputIds: hostTensor([1, 4], [2, 5, 9, 3], 'i32'),
  attentionMask: hostTensor([1, 4], [1, 1, 1, 1], 'i32'),
};
const batch = { tensors: { ...fields, labels: fields.inputIds } };
const logitsOf = (model: Model, weights: ReadonlyMap<string, HostTensor>, rewrites?: readonly LayerRewrite[]) =>
  [...forwardOutputs(model, weights, fields, rewrites).values()].flatMap(({ data }) => Array.from(data));
const distance = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, at) => Math.abs(value - b[at]!)));
const bytes = (weights: ReadonlyMap<string, HostTensor>) =>
  [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);

test('keeps linear layers in NF4 when it loads them, computes with their numbers, and saves them in full', async () => {
  const storage = await llama();
  const float = await loadModel(storage, { task });
  const packed = await loadModel(storage, { task, quantize: 'nf4' });
  const names = describeModel(float.model).layers.flatMap(({ kind, path }) => (kind === 'linear' ? [path] : []));
  expect([...packed.model.packed!.formats.keys()]).toEqual(names.map((path) => `${path}.weight`));
  const linear = names.reduce((sum, path) => sum + float.weights.get(`${path}.weight`)!.data.byteLength, 0);
  const rest = bytes(float.weights) - linear;
  expect(bytes(packed.weights) - rest).toBeLessThan(linear / 7);
  expect(await packed.weightsHash()).toBe(await float.weightsHash());
  const logits = logitsOf(packed.model, packed.weights);
  expect(distance(logits, logitsOf(float.model, float.weights))).toBeGreaterThan(1e-3);
  const target = new MemoryStorage('full');
  await packed.save(target);
  const saved = await loadModel(target, { task });
  expect(distance(logitsOf(saved.model, saved.weights), logits)).toBeLessThan(1e-4);
});

test('loads what bitsandbytes saved, with the codes as they are, and refuses other quantizations by name', async () => {
  const storage = await llama();
  const packed = await loadModel(storage, { task, quantize: 'nf4' });
  const target = new MemoryStorage('bitsandbytes');
  const tensors = new Map(packed.weights);
  for (const name of packed.model.packed!.formats.keys()) {
    const shape = (await openWeights(storage)).entry(name).shape;
    const offset = tensors.get(`${name}.nested_offset`)!.data[0]!;
    tensors.delete(`${name}.nested_offset`);
    const state = { quant_type: 'nf4', blocksize: 64, shape, nested_blocksize: 256, nested_offset: offset };
    const json = new TextEncoder().encode(JSON.stringify(state));
    tensors.set(`${name}.quant_map`, hostTensor([16], NF4_LEVELS));
    tensors.set(`${name}.nested_quant_map`, hostTensor([256], dynamicMap()));
    tensors.set(`${name}.quant_state.bitsandbytes__nf4`, hostTensor([json.length], json, 'u8'));
  }
  await writeWeights(target, inMemory(tensors));
  const config = Object(await readJson(storage, 'config.json'));
  await writeJson(target, 'config.json', { ...config, quantization_config: { quant_method: 'bitsandbytes' } });
  const loaded = await loadModel(target, { task });
  expect(new Map(loaded.weights)).toEqual(new Map(packed.weights));
  await writeJson(target, 'config.json', { ...config, quantization_config: { quant_method: 'gptq' } });
  await expect(loadModel(target, { task })).rejects.toMatchObject({
    code: 'E_MODEL_UNSUPPORTED',
    message: expect.stringMatching(/gptq.*bitsandbytes/),
  });
});

test('keeps the blocks of a GGUF file as they are stored, in all formats', async () => {
  const storage = await ggufLlama();
  const float = await loadModel(storage, { task });
  const packed = await loadModel(storage, { task, quantize: 'stored' });
  const formats = [...packed.model.packed!.formats].map(([name, format]) => [name, format.name]);
  expect(formats).toEqual(ggufLlamaFormats);
  const linear = formats.reduce((sum, [name]) => sum + float.weights.get(name!)!.data.byteLength, 0);
  expect(bytes(packed.weights)).toBeLessThan(bytes(float.weights) - linear + linear / 4);
  for (const [name, { data }] of unpackedWeights(packed.model, packed.weights))
    expect([name, data]).toEqual([name, float.weights.get(name)!.data]);
  const [got, want] = [packed, float].map(({ model, weights }) => logitsOf(model, weights));
  expect(distance(got!, want!)).toBeLessThan(1e-4);
});

test('keeps int8 as Attune stores it, with the codes as they are', async () => {
  const target = new MemoryStorage('int8');
  await (await loadModel(await llama(), { task })).save(target, undefined, { dtype: 'int8' });
  const float = await loadModel(target, { task });
  const [stored, packed] = await Promise.all(
    (['stored', 'int8'] as const).map((quantize) => loadModel(target, { task, quantize })),
  );
  expect([...stored!.model.packed!.formats.values()].map(({ name }) => name)).toEqual(new Array(14).fill('int8'));
  expect(new Map(packed!.weights)).toEqual(new Map(stored!.weights));
  for (const [name, { data }] of unpackedWeights(stored!.model, stored!.weights))
    for (const [index, value] of data.entries()) expect(value).toBeCloseTo(float.weights.get(name)!.data[index]!, 6);
});

test.each([
  ['nf4', llama],
  ['int8', llama],
  ['stored', ggufLlama],
] as const)(
  'trains LoRA over weights in %s, which stay as they are; merging gives a plain model in full precision',
  async (quantize, make) => {
    const packed = await loadModel(await make(), { task, quantize });
    const strategy = lora({ targetModules: 'all-linear', r: 2 });
    const { parameters } = planModel(packed.model, [strategy]);
    const noise = { kind: 'normal', standardDeviation: 0.2 } as const;
    const weights = new Map(
      parameters.map(({ name, type }) => [name, packed.weights.get(name) ?? initialize(noise, type, 7, name)]),
    );
    await using learner = await Learner.open({
      model: {
        model: packed.model,
        weights,
        objective: causalLanguageModeling({ classes: Number(packed.model.config.vocab_size) }),
      },
      strategy,
      backend: referenceBackend(),
      learningRate: 0.01,
    });
    const losses = [];
    for (let step = 0; step < 3; step++) losses.push((await learner.step([batch])).loss);
    expect(losses[2]).toBeLessThan(losses[0]!);
    const after = await learner.weights();
    for (const [name, tensor] of packed.weights) expect(after.get(name)).toEqual(tensor);
    const { model, rewrites } = planModel(packed.model, [strategy]);
    const merged = mergeAdapter(after, loraMethod.plan(packed.model, strategy.options));
    const adapted = logitsOf(model, after, rewrites);
    expect(distance(logitsOf(packed.model.packed!.unpacked, merged), adapted)).toBeLessThan(1e-4);
    const storage = new MemoryStorage('adapter');
    await learner.adapted.adaptation.adapter!.save(storage, after, 'llama');
    const loaded = await loadAdapter(storage, packed.model);
    expect(logitsOf(model, new Map([...packed.weights, ...loaded.weights]), rewrites)).toEqual(adapted);
  },
);

test('refuses by name to train what is packed', async () => {
  const { model } = await loadModel(await llama(), { task, quantize: 'nf4' });
  expect(() => planModel(model, [full()])).toThrow(
    expect.objectContaining({ code: 'E_STRATEGY', message: expect.stringContaining('full trains model.layers.0') }),
  );
  expect(() => planModel(model, [lora({ modulesToSave: ['q_proj'], targetModules: ['v_proj'] })])).toThrow(
    /q_proj\.weight/,
  );
});

test.each([
  ['the reference', referenceBackend()],
  ['ONNX Runtime', onnx({ threads: 1 })],
])('computes activations again over packed weights with the same losses, on %s', async (_, backend) => {
  const storage = await writeTinyLlama(new MemoryStorage('deep'), { num_hidden_layers: 6 });
  const { model, weights } = await loadModel(storage, { task, quantize: 'int8' });
  const objective = causalLanguageModeling({ classes: Number(model.config.vocab_size) });
  const [kept, again] = await Promise.all(
    [false, true].map(async (gradientCheckpointing) => {
      await using learner = await Learner.open({
        model: { model, weights, objective },
        strategy: lora({ r: 2 }),
        backend,
        learningRate: 0.01,
        gradientCheckpointing,
      });
      const losses = [];
      for (let step = 0; step < 3; step++) losses.push((await learner.step([batch])).loss);
      const kernels = learner.compiler.takeEvents()[0]!.kernels;
      return { losses, kernels };
    }),
  );
  for (const [step, loss] of kept!.losses.entries()) expect(again!.losses[step]).toBeCloseTo(loss, 5);
  expect(again!.kernels).toBeGreaterThan(kept!.kernels);
});
