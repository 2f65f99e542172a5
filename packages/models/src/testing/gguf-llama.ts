/** For tests: a Llama as a GGUF file whose linear layers are in blocks of every format. */
import { MemoryStorage, writeFile } from '@attune/hub';
import { floatBytes, type GgufPart, ggufBytes } from '@attune/hub/testing/gguf-file';
import type { GgufFormat } from '@attune/ir';
import { sampleBlocks, uniform } from '@attune/ir/internal';

const [WIDTH, INNER, VOCABULARY] = [256, 32, 32];

/** A linear layer: its name in the file and in transformers, its shape, its format, and the number that files have for that. */
type Layer = readonly [
  name: string,
  path: string,
  rows: number,
  width: number,
  format: GgufFormat | undefined,
  type: number,
];

const layers: readonly Layer[] = [
  ['blk.0.attn_q', 'model.layers.0.self_attn.q_proj', INNER, WIDTH, 'q5_k', 13],
  ['blk.0.attn_k', 'model.layers.0.self_attn.k_proj', INNER / 2, WIDTH, 'q4_1', 3],
  ['blk.0.attn_v', 'model.layers.0.self_attn.v_proj', INNER / 2, WIDTH, 'q4_k', 12],
  ['blk.0.attn_output', 'model.layers.0.self_attn.o_proj', WIDTH, INNER, 'q5_0', 6],
  ['blk.0.ffn_gate', 'model.layers.0.mlp.gate_proj', INNER, WIDTH, 'q6_k', 14],
  ['blk.0.ffn_up', 'model.layers.0.mlp.up_proj', INNER, WIDTH, 'q4_0', 2],
  ['blk.0.ffn_down', 'model.layers.0.mlp.down_proj', WIDTH, INNER, 'q8_0', 8],
  ['blk.1.attn_q', 'model.layers.1.self_attn.q_proj', INNER, WIDTH, 'q5_1', 7],
  ['blk.1.attn_k', 'model.layers.1.self_attn.k_proj', INNER / 2, WIDTH, undefined, 0],
  ['blk.1.attn_v', 'model.layers.1.self_attn.v_proj', INNER / 2, WIDTH, undefined, 0],
  ['blk.1.attn_output', 'model.layers.1.self_attn.o_proj', WIDTH, INNER, undefined, 0],
  ['blk.1.ffn_gate', 'model.layers.1.mlp.gate_proj', INNER, WIDTH, undefined, 0],
  ['blk.1.ffn_up', 'model.layers.1.mlp.up_proj', INNER, WIDTH, undefined, 0],
  ['blk.1.ffn_down', 'model.layers.1.mlp.down_proj', WIDTH, INNER, undefined, 0],
];

/** The formats of the model's weights by their names in transformers. */
export const ggufLlamaFormats: readonly (readonly [name: string, format: string])[] = layers.flatMap(
  ([, path, , , format]) => (format === undefined ? [] : [[`${path}.weight`, format] as const]),
);

/** A file of two layers. Most of the second one's weights are f32, as files may mix them. */
export async function ggufLlama(): Promise<MemoryStorage> {
  const floats = (name: string, shape: readonly number[], seed: number): GgufPart => {
    const range = name.includes('norm') ? ([0.5, 1.5] as const) : ([-0.2, 0.2] as const);
    return { name, shape, bytes: floatBytes(Array.from(uniform(shape, range, seed).data)) };
  };
  const tensors = [
    floats('token_embd.weight', [VOCABULARY, WIDTH], 1),
    floats('output_norm.weight', [WIDTH], 2),
    ...[0, 1].flatMap((layer) => [
      floats(`blk.${layer}.attn_norm.weight`, [WIDTH], 3),
      floats(`blk.${layer}.ffn_norm.weight`, [WIDTH], 4),
    ]),
    ...layers.map(([name, , rows, width, format, type], index): GgufPart => {
      if (format === undefined) return floats(`${name}.weight`, [rows, width], 5 + index);
      const bytes = Uint8Array.from(sampleBlocks(format, [rows, width]).data);
      return { name: `${name}.weight`, shape: [rows, width], type, bytes };
    }),
  ];
  const u32 = (name: string, value: number) => [`llama.${name}`, [4, value]] as const;
  const storage = new MemoryStorage('blocks');
  await writeFile(
    storage,
    'model.gguf',
    ggufBytes(
      [
        ['general.architecture', [8, 'llama']],
        u32('block_count', 2),
        u32('context_length', 64),
        u32('embedding_length', WIDTH),
        u32('feed_forward_length', INNER),
        u32('attention.head_count', 4),
        u32('attention.head_count_kv', 2),
        u32('attention.key_length', INNER / 4),
        ['llama.attention.layer_norm_rms_epsilon', [6, 1e-5]],
        u32('vocab_size', VOCABULARY),
      ],
      tensors,
    ),
  );
  return storage;
}
