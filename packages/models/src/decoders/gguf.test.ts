import { MemoryStorage, type ModelConfig, writeFile } from '@attune/hub';
import { floatBytes, type GgufField, ggufBytes } from '@attune/hub/testing/gguf-file';
import { type HostTensor, hostTensor } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { createModel } from '../create.js';
import { loadModel } from '../load.js';
import { forwardOutputs } from '../testing/forward-outputs.js';
import { tinyDecoders } from '../testing/tiny-decoders.js';

const task = 'causal-language-modeling';
const llama: Readonly<Record<string, string>> = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  embed_tokens: 'token_embd',
  norm: 'output_norm',
  lm_head: 'output',
};
const gemma = {
  ...llama,
  post_attention_layernorm: 'post_attention_norm',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
};
const gpt2 = {
  'attn.c_attn': 'attn_qkv',
  'attn.c_proj': 'attn_output',
  'mlp.c_fc': 'ffn_up',
  'mlp.c_proj': 'ffn_down',
  ln_1: 'attn_norm',
  ln_2: 'ffn_norm',
  wte: 'token_embd',
  wpe: 'position_embd',
  ln_f: 'output_norm',
};
const phi3 = { ...llama, 'self_attn.qkv_proj': 'attn_qkv', 'mlp.gate_up_proj': 'ffn_up' };

/** Rows of each head as llama.cpp's conversion has them: halves side by side, pair by pair. */
function paired({ type, data }: HostTensor, heads: number): HostTensor {
  const [rows, width] = [type.shape[0]!, data.length / type.shape[0]!];
  const half = rows / heads / 2;
  const order = Array.from({ length: rows }, (_, row) => {
    const [head, pair, part] = [Math.floor(row / (2 * half)), Math.floor((row % (2 * half)) / 2), row % 2];
    return head * 2 * half + part * half + pair;
  });
  return hostTensor(
    type.shape,
    order.flatMap((row) => Array.from(data.subarray(row * width, (row + 1) * width))),
  );
}

interface Written {
  readonly architecture: string;
  readonly config: ModelConfig;
  readonly names: Readonly<Record<string, string>>;
  /** Keys beyond those of all. */
  readonly keys: readonly (readonly [string, GgufField])[];
  /** Tensors beside the model's. */
  readonly tensors?: Parameters<typeof ggufBytes>[1];
  /** What the conversion does to a tensor, by its name in the file. */
  change?(name: string, tensor: HostTensor): HostTensor;
}

const plusOne = (name: string, { type, data }: HostTensor) =>
  hostTensor(
    type.shape,
    data.map((value) => (name.endsWith('norm.weight') ? value + 1 : value)),
  );
const f32 = (value: number): GgufField => [6, value];
const u32 = (value: number): GgufField => [4, value];
const window = ['attention.sliding_window', u32(4)] as const;
const width = ['attention.key_length', u32(6)] as const;
const { rope_scaling: _, ...plainLlama } = tinyDecoders.llama;
const scaled = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 };

const cases: readonly Written[] = [
  {
    architecture: 'llama',
    config: { ...tinyDecoders.llama, attention_bias: true },
    names: llama,
    keys: [
      ['rope.scaling.type', [8, 'linear']],
      ['rope.scaling.factor', f32(2)],
    ],
    change(name, tensor) {
      if (name.includes('attn_q.')) return paired(tensor, 4);
      return name.includes('attn_k.') ? paired(tensor, 2) : tensor;
    },
  },
  { architecture: 'qwen2', config: { ...tinyDecoders.qwen2, use_sliding_window: false }, names: llama, keys: [] },
  { architecture: 'qwen3', config: tinyDecoders.qwen3, names: llama, keys: [width] },
  {
    architecture: 'gemma2',
    config: { ...tinyDecoders.gemma2, query_pre_attn_scalar: 6 },
    names: gemma,
    keys: [width, window, ['attn_logit_softcapping', f32(2)], ['final_logit_softcapping', f32(3)]],
    change: plusOne,
  },
  {
    architecture: 'gemma3',
    config: { ...tinyDecoders.gemma3, sliding_window_pattern: 6, rope_local_base_freq: 1e4, query_pre_attn_scalar: 6 },
    names: gemma,
    keys: [width, window, ['rope.freq_base', f32(1e6)]],
    change: plusOne,
  },
  { architecture: 'gpt2', config: tinyDecoders.gpt2, names: gpt2, keys: [] },
  { architecture: 'phi3', config: tinyDecoders.phi3, names: phi3, keys: [['rope.dimension_count', u32(2)]] },
  {
    architecture: 'phi3',
    config: {
      ...tinyDecoders.phi3,
      original_max_position_embeddings: 16,
      rope_scaling: { type: 'longrope', short_factor: [1.5], long_factor: [4], attention_factor: 1.25 },
    },
    names: phi3,
    keys: [
      ['rope.dimension_count', u32(2)],
      ['rope.scaling.original_context_length', u32(16)],
      ['rope.scaling.attn_factor', f32(1.25)],
    ],
    tensors: [
      { name: 'rope_factors_short.weight', shape: [1], bytes: floatBytes([1.5]) },
      { name: 'rope_factors_long.weight', shape: [1], bytes: floatBytes([4]) },
    ],
  },
  {
    architecture: 'qwen2',
    config: {
      ...{ ...tinyDecoders.qwen2, use_sliding_window: false },
      rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 8 },
    },
    names: llama,
    keys: [
      ['rope.scaling.type', [8, 'yarn']],
      ['rope.scaling.factor', f32(4)],
      ['rope.scaling.original_context_length', u32(8)],
    ],
  },
];

/** The file that llama.cpp's conversion would write of the model. */
async function written({ architecture, config, names, keys, change }: Written, extra: Written['tensors'] = []) {
  const { model, weights } = await createModel(config, { task, seed: 4 });
  const moved = new Map(
    [...weights].map(([name, { type, data }]) => [
      name,
      hostTensor(
        type.shape,
        Array.from(data, (value, index) => value + 0.1 * Math.sin(5 * index + name.length)),
      ),
    ]),
  );
  const parts = [...moved].map(([name, tensor]) => {
    const [, layer, module, end] = /^(?:model|transformer)?\.?(?:(?:layers|h)\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(
      name,
    )!;
    const own = `${layer === undefined ? '' : `blk.${layer}.`}${names[module!]!}.${end}`;
    const { type, data } = change?.(own, tensor) ?? tensor;
    return { name: own, shape: type.shape, bytes: floatBytes(data) };
  });
  const eps = architecture === 'gpt2' ? 'attention.layer_norm_epsilon' : 'attention.layer_norm_rms_epsilon';
  const general: readonly (readonly [string, GgufField])[] = [
    ['context_length', u32(64)],
    ['embedding_length', u32(16)],
    ['block_count', u32(2)],
    ['feed_forward_length', u32(architecture === 'gpt2' ? 64 : 24)],
    ['attention.head_count', u32(4)],
    ['attention.head_count_kv', u32(architecture === 'gpt2' ? 4 : 2)],
    [eps, f32(architecture === 'gpt2' || architecture === 'phi3' ? 1e-5 : 1e-6)],
  ];
  const own = [...general, ...keys].map(([key, field]) => [`${architecture}.${key}`, field] as const);
  const storage = new MemoryStorage('gguf');
  const head: readonly (readonly [string, GgufField])[] = [
    ['general.architecture', [8, architecture]],
    ['tokenizer.ggml.eos_token_id', u32(2)],
    ['tokenizer.ggml.padding_token_id', u32(0)],
  ];
  await writeFile(storage, 'model.gguf', ggufBytes([...head, ...own], [...parts, ...extra]));
  return { storage, model, weights: moved };
}

const fields = {
  inputIds: hostTensor([1, 9], [3, 9, 4, 12, 7, 3, 22, 39, 1], 'i32'),
  attentionMask: hostTensor([1, 9], [1, 1, 1, 1, 1, 1, 1, 1, 1], 'i32'),
};

describe('a GGUF file alone in a directory', () => {
  test.each(cases.map((own) => [`${own.architecture} ${own.keys.map(([key]) => key).join(', ')}`, own] as const))(
    'of %s is the model that it was made of',
    async (_, own) => {
      const { storage, model, weights } = await written(own, own.tensors);
      const loaded = await loadModel(storage, { task });
      expect([loaded.created, loaded.warnings, loaded.model.config.eos_token_id]).toEqual([[], [], 2]);
      const [wanted, found] = [
        forwardOutputs(model, weights, fields),
        forwardOutputs(loaded.model, loaded.weights, fields),
      ];
      const [want, got] = [wanted.get('logits')!.data, found.get('logits')!.data];
      const largest = Math.max(...Array.from(want, (value, index) => Math.abs(value - got[index]!)));
      expect(largest).toBeLessThan(2e-5);
    },
  );

  test("has Llama 3's scaling if its factors are that, and is refused for others", async () => {
    const config = { ...plainLlama, rope_scaling: { ...scaled, original_max_position_embeddings: 8192 } };
    const own = { ...cases[0]!, config, keys: [['rope.freq_base', f32(1e8)] as const] };
    const turns = (pair: number) => (8192 * 1e8 ** (-pair / 2)) / (2 * Math.PI);
    const factors = [0, 1].map((pair) => (turns(pair) > 4 ? 1 : 8));
    const part = (numbers: readonly number[]) => [
      { name: 'rope_freqs.weight', shape: [2], bytes: floatBytes(numbers) },
    ];
    const { storage } = await written(own, part(factors));
    const loaded = await loadModel(storage, { task });
    expect(loaded.model.config.rope_scaling).toMatchObject({ ...scaled, factor: Math.max(...factors) });
    for (const others of [[1.5, 3], new Array<number>(200_000).fill(3)]) {
      const shape = [others.length];
      const other = await written(own, [{ name: 'rope_freqs.weight', shape, bytes: floatBytes(others) }]);
      await expect(loadModel(other.storage, { task })).rejects.toMatchObject({
        code: 'E_MODEL_UNSUPPORTED',
        field: 'rope_freqs.weight',
      });
    }
  });

  test.each([
    ['general.architecture', [8, 'mamba'], 'E_MODEL_UNSUPPORTED', /"mamba".*llama.*qwen3/],
    ['llama.expert_count', u32(8), 'E_MODEL_UNSUPPORTED', /experts/],
    ['llama.rope.scaling.type', [8, 'ntk'], 'E_MODEL_UNSUPPORTED', /"ntk"/],
    ['llama.block_count', [4, [1, 2]], 'E_GGUF_METADATA', /block_count/],
  ] as const)('is refused for its %s', async (key, field, code, message) => {
    const storage = new MemoryStorage('gguf');
    const base: readonly (readonly [string, GgufField])[] = [
      ['general.architecture', [8, 'llama']],
      ['llama.embedding_length', u32(16)],
      ['llama.block_count', u32(2)],
      ['llama.attention.head_count', u32(4)],
      ['llama.feed_forward_length', u32(4)],
      ['llama.context_length', u32(4)],
      ['llama.vocab_size', u32(4)],
      ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
    ];
    const keys = [...base.filter(([own]) => own !== key), [key, field] as const];
    await writeFile(storage, 'model.gguf', ggufBytes(keys, []));
    await expect(loadModel(storage, { task })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
