/** Between the tensors of a GGUF file and those that transformers has for the model. */
import { type HostTensor, hostTensor } from '@attune/ir';
import { transposed } from '@attune/ir/internal';

/** Where a parameter lies in a GGUF file, and what was done to it there. */
export interface GgufPlace {
  readonly name: string;
  /** Heads whose rows are in the order of pairs, if they are. */
  readonly pairedHeads?: number;
  /** Whether 1 was added, as to Gemma's norms. */
  readonly isPlusOne?: boolean;
  /** Whether it is turned: GPT-2's files hold matrices as [in, out]. */
  readonly isTransposed?: boolean;
}

export interface GgufShapes {
  readonly heads: number;
  readonly keyHeads: number;
}

const llamaLayer: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_qkv: 'self_attn.qkv_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

const gpt2Layer: Readonly<Record<string, string>> = {
  attn_norm: 'ln_1',
  attn_qkv: 'attn.c_attn',
  attn_output: 'attn.c_proj',
  ffn_norm: 'ln_2',
  ffn_up: 'mlp.c_fc',
  ffn_down: 'mlp.c_proj',
};

const layerParts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  gpt2: gpt2Layer,
  phi3: { ...llamaLayer, ffn_up: 'mlp.gate_up_proj' },
  gemma: {
    ...llamaLayer,
    post_attention_norm: 'post_attention_layernorm',
    ffn_norm: 'pre_feedforward_layernorm',
    post_ffw_norm: 'post_feedforward_layernorm',
  },
};

const others: Readonly<Record<string, string>> = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
};

const gpt2Others: Readonly<Record<string, string>> = {
  token_embd: 'transformer.wte',
  position_embd: 'transformer.wpe',
  output_norm: 'transformer.ln_f',
  output: 'lm_head',
};

/** The tables of an architecture: of what stands in a layer, or beside the layers. */
const tableOf = (architecture: string, isInLayer: boolean): Readonly<Record<string, string>> => {
  if (!isInLayer) return architecture === 'gpt2' ? gpt2Others : others;
  return layerParts[architecture.startsWith('gemma') ? 'gemma' : architecture] ?? llamaLayer;
};

/** The parameter that a tensor of a GGUF file is; undefined for one that no parameter is made of. */
export function parameterOfGguf(
  name: string,
  architecture: string,
  { heads, keyHeads }: GgufShapes,
): readonly [parameter: string, place: GgufPlace] | undefined {
  const isGpt2 = architecture === 'gpt2';
  const isGemma = architecture.startsWith('gemma');
  const [, layer, part, end] = /^(?:blk\.(\d+)\.)?([a-z_]+)\.(weight|bias)$/.exec(name) ?? [];
  if (part === undefined || end === undefined) return undefined;
  const table = tableOf(architecture, layer !== undefined);
  const module = Object.hasOwn(table, part) ? table[part] : undefined;
  if (module === undefined) return undefined;
  const prefix = layer === undefined ? '' : `${isGpt2 ? 'transformer.h' : 'model.layers'}.${layer}.`;
  const paired =
    architecture === 'llama' && part === 'attn_q'
      ? heads
      : architecture === 'llama' && part === 'attn_k'
        ? keyHeads
        : 0;
  return [
    `${prefix}${module}.${end}`,
    {
      name,
      ...(paired > 0 ? { pairedHeads: paired } : {}),
      ...(isGemma && part.endsWith('norm') ? { isPlusOne: true } : {}),
      ...(isGpt2 && layer !== undefined && end === 'weight' && !part.endsWith('norm') ? { isTransposed: true } : {}),
    },
  ];
}

/** Where a parameter of transformers goes in a GGUF file; undefined for one that has no place there. */
export function placeInGguf(parameter: string, architecture: string, shapes: GgufShapes): GgufPlace | undefined {
  const [, layer, module, end] =
    /^(?:(?:transformer\.h|model\.layers)\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(parameter) ?? [];
  const [part] = Object.entries(tableOf(architecture, layer !== undefined)).find(([, own]) => own === module) ?? [];
  if (part === undefined) return undefined;
  const name = `${layer === undefined ? '' : `blk.${layer}.`}${part}.${end}`;
  const [found, place] = parameterOfGguf(name, architecture, shapes) ?? [];
  return found === parameter ? place : undefined;
}

/** The parameter as transformers holds it. */
export function asInTransformers(tensor: HostTensor, { pairedHeads, isPlusOne, isTransposed }: GgufPlace): HostTensor {
  if (pairedHeads !== undefined) return reordered(tensor, halfRow(tensor, pairedHeads));
  if (isPlusOne) return shifted(tensor, -1);
  return isTransposed ? transposed(tensor) : tensor;
}

/** A parameter of transformers as the file holds it. */
export function asInGguf(tensor: HostTensor, { pairedHeads, isPlusOne, isTransposed }: GgufPlace): HostTensor {
  if (pairedHeads !== undefined) {
    const target = halfRow(tensor, pairedHeads);
    const pairRows: number[] = [];
    for (let row = 0; row < tensor.type.shape[0]!; row++) pairRows[target(row)] = row;
    return reordered(tensor, (row) => pairRows[row]!);
  }
  if (isPlusOne) return shifted(tensor, 1);
  return isTransposed ? transposed(tensor) : tensor;
}

const shifted = ({ type, data }: HostTensor, by: number): HostTensor =>
  hostTensor(
    type.shape,
    Float32Array.from(data, (value) => value + by),
  );

/** Where a row goes from the order of pairs (0, half, 1, half + 1, …), in which llama.cpp turns a head, to halves. */
function halfRow({ type: { shape } }: HostTensor, heads: number): (row: number) => number {
  const headRows = shape[0]! / heads;
  return (row) => {
    const [head, place] = [Math.floor(row / headRows), row % headRows];
    return head * headRows + (place % 2) * (headRows / 2) + Math.floor(place / 2);
  };
}

function reordered({ type, data }: HostTensor, target: (row: number) => number): HostTensor {
  const rows = type.shape[0]!;
  const width = data.length / rows;
  const moved = data.slice();
  for (let row = 0; row < rows; row++) {
    moved.set(data.subarray(row * width, (row + 1) * width), target(row) * width);
  }
  return hostTensor(type.shape, moved, type.dtype);
}
