import { readFileSync } from 'node:fs';
import { onnx } from '@attune/backend-onnx';
import { causalLanguageModeling, Learner } from '@attune/core';
import { describeModel } from '@attune/core/internal';
import { MemoryStorage, type ModelConfig, openWeights, writeJson } from '@attune/hub';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { type HostTensor, hostTensor, print } from '@attune/ir';
import { full, loadAdapter, lora, mergeAdapter } from '@attune/strategies';
import { describe, expect, test } from 'vitest';
import { createModel } from '../create.js';
import { loadModel } from '../load.js';
import { forwardOutputs } from '../testing/forward-outputs.js';
import { tinyDecoders } from '../testing/tiny-decoders.js';

const task = 'causal-language-modeling';
const i32 = (shape: readonly number[], data: Iterable<number>) => hostTensor(shape, [...data], 'i32');

/** With norms, biases and all else away from where they begin. */
async function tinyModel(config: ModelConfig, wanted = task) {
  const { model, weights, ...rest } = await createModel(config, { task: wanted, seed: 3 });
  const moved = [...weights].map(([name, { type, data }]): [string, HostTensor] => [
    name,
    hostTensor(
      type.shape,
      Array.from(data, (value, index) => value + 0.1 * Math.sin(7 * index + name.length)),
    ),
  ]);
  return { model, weights: new Map(moved), save: rest.save };
}

function largestDifference(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(got.length).toBe(wanted.length);
  return Math.max(...Array.from(got, (value, index) => Math.abs(value - wanted[index]!)));
}

describe.each(Object.entries<ModelConfig>(tinyDecoders))('%s', (_, config) => {
  test('scores behind a cache, of prompts padded on the left and beyond the window, are those of one pass', async () => {
    const { model, weights } = await tinyModel(config);
    const objective = causalLanguageModeling({ classes: 40 });
    await using learner = await Learner.open({
      model: { model, weights, objective },
      backend: onnx({ threads: 1 }),
    });
    const texts = [
      [7, 9, 11],
      [8, 8, 21, 14, 30, 12, 6],
    ];
    const [rows, tokens] = [texts.length, 15];
    const scores: (readonly number[])[] = [];
    for await (const step of learner.generate(texts, { maxNewTokens: 8, outputLogits: true })) {
      scores.push(Array.from(step.logits!.data));
      for (const [row, token] of step.tokens.entries()) texts[row]!.push(token!);
    }
    const padded = texts.flatMap((text) => [...text, ...new Array<number>(tokens - text.length).fill(0)]);
    const mask = texts.flatMap((text) => Array.from({ length: tokens }, (_, place) => (place < text.length ? 1 : 0)));
    const outputs = await learner.outputs({
      inputIds: i32([rows, tokens], padded),
      attentionMask: i32([rows, tokens], mask),
    });
    const { data } = outputs.get('logits')!;
    for (const [row, text] of texts.entries()) {
      for (const [step, found] of scores.entries()) {
        const place = (row * tokens + text.length - 9 + step) * 40;
        const wanted = data.subarray(place, place + 40);
        expect(largestDifference(found.slice(row * 40, (row + 1) * 40), wanted)).toBeLessThan(2e-5);
      }
    }
  });

  test('is the same again from its files, also behind a merged adapter', async () => {
    const { model, weights, save } = await tinyModel(config);
    const fields = { inputIds: i32([1, 6], [3, 9, 4, 12, 7, 3]), attentionMask: i32([1, 6], [1, 1, 1, 1, 1, 0]) };
    const files = new MemoryStorage('files');
    await save(files, weights);
    const loaded = await loadModel(files, { task });
    expect(loaded.created).toEqual([]);
    for (const [name, tensor] of weights) expect(loaded.weights.get(name)).toEqual(tensor);
    const strategy = lora({ r: 2 });
    const adapted = strategy.adapt(model);
    const { parameters } = describeModel(model, adapted.rewrite ? [adapted.rewrite] : []);
    const trained = new Map(
      parameters.map(({ name, type }) => {
        const data = Array.from({ length: type.shape.reduce((a, b) => a * b, 1) }, (_, index) => Math.cos(index) / 9);
        return [name, weights.get(name) ?? hostTensor(type.shape, data)] as const;
      }),
    );
    const adapter = new MemoryStorage('adapter');
    await adapted.adapter!.save(adapter, trained, 'base');
    const again = await loadAdapter(adapter, loaded.model);
    const logits = (of: ReadonlyMap<string, HostTensor>, rewrites = again.strategy.adapt(model).rewrite) =>
      forwardOutputs(model, of, fields, rewrites ? [rewrites] : [])
        .get('logits')!
        .data.subarray(0, 200);
    const wanted = logits(new Map([...weights, ...again.weights]));
    expect(
      largestDifference(wanted, forwardOutputs(model, weights, fields).get('logits')!.data.subarray(0, 200)),
    ).toBeGreaterThan(1e-3);
    const merged = new MemoryStorage('merged');
    await save(merged, mergeAdapter(trained, again.plan));
    const whole = await loadModel(merged, { task });
    expect(
      largestDifference(forwardOutputs(model, whole.weights, fields).get('logits')!.data.subarray(0, 200), wanted),
    ).toBeLessThan(1e-5);
  });
});

describe('names', () => {
  const classesOf = async (config: ModelConfig, wanted: string) => {
    const { model } = await createModel(config, { task: wanted, labels: ['a', 'b'] });
    const names = describeModel(model).parameters.map(({ name }) => name);
    return [model.config.architectures, names.filter((name) => /^(?:score|classifier|lm_head|embed_out)\./.test(name))];
  };

  test.each([
    ['gpt2', 'GPT2LMHeadModel', [], 'GPT2', 'classifier', ['c_attn']],
    ['gpt-neox', 'GPTNeoXForCausalLM', ['embed_out.weight'], 'GPTNeoX', 'classifier', ['query_key_value']],
    ['phi3', 'Phi3ForCausalLM', ['lm_head.weight'], 'Phi3', 'score', ['qkv_proj']],
    ['qwen3', 'Qwen3ForCausalLM', ['lm_head.weight'], 'Qwen3', 'score', ['q_proj', 'v_proj']],
    ['gemma3', 'Gemma3ForCausalLM', [], 'Gemma3Text', 'score', ['q_proj', 'v_proj']],
  ] as const)('of %s are those of transformers, and its targets those of PEFT', async (name, ...expected) => {
    const [causal, head, prefix, tagger, targets] = expected;
    const config = tinyDecoders[name];
    expect(await classesOf(config, task)).toEqual([[causal], head]);
    expect(await classesOf(config, 'sequence-classification')).toEqual([
      [`${prefix}ForSequenceClassification`],
      ['score.weight'],
    ]);
    expect(await classesOf(config, 'token-classification')).toEqual([
      [`${prefix}ForTokenClassification`],
      [`${tagger}.weight`, `${tagger}.bias`],
    ]);
    expect((await createModel(config, { task })).model.adapterTargets).toEqual(targets);
  });

  test("GPT-2's matrices lie in files as [in, out], and its adapters say so", async () => {
    const { model, weights, save } = await tinyModel(tinyDecoders.gpt2);
    const files = new MemoryStorage('gpt2');
    await save(files, weights);
    const stored = await openWeights(files);
    const name = 'transformer.h.0.attn.c_attn.weight';
    expect([stored.entry(name).shape, weights.get(name)!.type.shape]).toEqual([
      [16, 48],
      [48, 16],
    ]);
    const adapter = new MemoryStorage('adapter');
    const strategy = lora({ modulesToSave: ['c_fc'] });
    await using learner = await Learner.open({
      model: { model, weights, objective: causalLanguageModeling({ classes: 40 }) },
      strategy,
      backend: onnx({ threads: 1 }),
    });
    await learner.adapted.adaptation.adapter!.save(adapter, await learner.weights(), 'gpt2');
    expect(JSON.parse(new TextDecoder().decode(await adapter.read('adapter_config.json')))).toMatchObject({
      fan_in_fan_out: true,
      target_modules: ['c_attn'],
    });
    const again = await loadAdapter(adapter, model);
    const fc = 'transformer.h.0.mlp.c_fc.weight';
    expect(again.weights.get(fc)).toEqual(weights.get(fc));
  });
});

test('Gemma gives the logits of transformers 5.24, also as official releases call its activation', async () => {
  const { model, weights } = await createModel(tinyDecoders.gemma, { task });
  const given = new Map(
    [...weights].map(([name, { type, data }]) => [
      name,
      hostTensor(
        type.shape,
        Array.from(data, (_, index) => 0.3 * Math.sin(0.7 * index + name.length)),
      ),
    ]),
  );
  const fields = { inputIds: i32([1, 5], [3, 9, 4, 12, 7]), attentionMask: i32([1, 5], [1, 1, 1, 1, 1]) };
  const { data } = forwardOutputs(model, given, fields).get('logits')!;
  const wanted = [-0.77277, -0.49208, 0.57298, 0.72472, -0.27873, -0.83789, -0.06146, 0.81293];
  expect(largestDifference(data.slice(4 * 40, 4 * 40 + 8), wanted)).toBeLessThan(2e-5);
});

describe('packed rows', () => {
  const { gemma2, gpt2, llama, mistral } = tinyDecoders;
  const undropped = { ...gpt2, embd_pdrop: 0, attn_pdrop: 0, resid_pdrop: 0 };
  test.each<ModelConfig>([llama, mistral, gemma2, undropped])(
    'of $model_type have the loss and gradients of unpacked ones',
    async (config) => {
      const { model, weights } = await tinyModel(config);
      const objective = causalLanguageModeling({ classes: 40 });
      await using learner = await Learner.open({
        model: { model, weights, objective },
        strategy: full(),
        backend: onnx({ threads: 1 }),
      });
      const texts = [
        [7, 9, 11, 4, 30, 2, 12],
        [8, 8, 21],
        [14, 30, 12, 6, 5],
      ];
      const filled = (values: readonly number[], filler: number, length: number) => [
        ...values,
        ...new Array<number>(length - values.length).fill(filler),
      ];
      const batch = (rows: readonly (readonly (readonly number[])[])[], length: number) => {
        const field = (filler: number, of: (text: readonly number[]) => readonly number[]) =>
          i32(
            [rows.length, length],
            rows.flatMap((row) => filled(row.flatMap(of), filler, length)),
          );
        const tensors = {
          inputIds: field(0, (text) => text),
          attentionMask: field(0, (text) => text.map(() => 1)),
          labels: field(-100, ([, ...rest]) => [-100, ...rest]),
          positionIds: field(1, (text) => text.map((_, place) => place)),
        };
        return { tensors };
      };
      const { positionIds: _, ...tensors } = batch(
        texts.map((text) => [text]),
        7,
      ).tensors;
      const [apart, packed] = [[{ tensors }], [batch([texts], 17)]];
      expect((await learner.loss(packed)).loss).toBeCloseTo((await learner.loss(apart)).loss, 5);
      const [wanted, found] = [await learner.gradients(apart), await learner.gradients(packed)];
      for (const [name, { data }] of wanted) {
        expect(largestDifference(found.get(name)!.data, data), name).toBeLessThan(2e-5);
      }
    },
  );
});

describe('configurations', () => {
  const refused = 'E_MODEL_UNSUPPORTED';
  test.each([
    ['llama', { rope_scaling: { rope_type: 'ntk', factor: 4 } }, refused, /"ntk".*default, linear, dynamic, llama3/],
    ['phi3', { rope_scaling: { type: 'longrope', long_factor: [1] } }, 'E_CONFIG', /no short_factor/],
    ['llama', { rope_scaling: { type: 'linear' } }, 'E_CONFIG', /no factor/],
    ['qwen2', { layer_types: ['full_attention', 'chunked_attention'] }, refused, /"chunked_attention".*sliding/],
    ['qwen2', { layer_types: ['full_attention'] }, 'E_CONFIG', /1 entries for 2 layers/],
    ['gemma3', { use_bidirectional_attention: true }, 'E_CONFIG', /use_bidirectional_attention/],
    ['gpt2', { add_cross_attention: true }, 'E_CONFIG', /add_cross_attention/],
    ['gpt2', { activation_function: 'gelu_newer' }, refused, /gelu_newer/],
    ['gpt-neox', { rotary_pct: 0.3 }, 'E_CONFIG', /turn 1 of the 4/],
    ['smollm3', { no_rope_layers: [1] }, 'E_CONFIG', /no_rope_layers/],
    ['mistral', { num_key_value_heads: 3 }, 'E_CONFIG', /num_key_value_heads/],
    ['llama', { pad_token_id: 40 }, 'E_CONFIG', /pad_token_id/],
  ] as const)('of %s with %j are refused by name', async (name, fields, code, message) => {
    const making = createModel({ ...tinyDecoders[name], ...fields }, { task });
    await expect(making).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test.each([
    ['llama', 'num_hidden_layers'],
    ['gemma2', 'num_hidden_layers'],
    ['gpt-neox', 'num_hidden_layers'],
    ['gpt2', 'n_layer'],
  ] as const)('of %s with a billion layers are refused before anything is made of them', async (name, field) => {
    const files = new MemoryStorage('many');
    const { save } = await createModel(tinyDecoders[name], { task });
    await save(files);
    await writeJson(files, 'config.json', { ...tinyDecoders[name], [field]: 1e9 });
    await expect(loadModel(files, { task })).rejects.toMatchObject({ code: 'E_WEIGHTS_MISMATCH', fields: [field] });
  });

  const written = ['gpt-neox', 'mistral', 'qwen2', 'qwen3', 'gemma2', 'gemma3', 'phi3', 'smollm3', 'llama'];
  test.skipIf(skipsGolden).each(written)('of %s mean the same as transformers 4 and 5 write them', async (name) => {
    const programs = ['config.v4.json', 'config.json'].map(async (file) => {
      const directory = name === 'llama' ? 'llama-causal-rope3' : `${name}-causal`;
      const config = JSON.parse(readFileSync(sharedPath(`golden/models/${directory}/${file}`), 'utf8'));
      return print(describeModel((await createModel(config, { task })).model).program);
    });
    const [old, current] = await Promise.all(programs);
    expect(old).toBe(current);
  });
});
