/** From a GGUF file's metadata to the config.json that transformers would have for the model. */
import { AttuneError } from '@attune/ir';
import type { ModelConfig } from '../model-directory.js';
import type { GgufValue } from './header.js';
import type { GgufFile } from './read.js';

/** `model_type` and transformers' class by what GGUF calls the architecture. */
const models: Readonly<Record<string, readonly [modelType: string, className: string]>> = {
  gemma2: ['gemma2', 'Gemma2ForCausalLM'],
  gemma3: ['gemma3_text', 'Gemma3ForCausalLM'],
  gpt2: ['gpt2', 'GPT2LMHeadModel'],
  llama: ['llama', 'LlamaForCausalLM'],
  phi3: ['phi3', 'Phi3ForCausalLM'],
  qwen2: ['qwen2', 'Qwen2ForCausalLM'],
  qwen3: ['qwen3', 'Qwen3ForCausalLM'],
};

/** What GGUF calls the architecture, by `model_type`. Within its window Mistral is a Llama. */
export const ggufArchitectures: ReadonlyMap<string, string> = new Map([
  ...Object.entries(models).map(([architecture, [modelType]]) => [modelType, architecture] as const),
  ['mistral', 'llama'] as const,
]);

/** The architecture as GGUF calls it. @throws AttuneError `E_MODEL_UNSUPPORTED` */
export function architectureOfGguf({ name: file, metadata }: GgufFile): string {
  const found = metadata.get('general.architecture');
  if (typeof found === 'string' && Object.hasOwn(models, found)) return found;
  const shown = found === undefined ? 'missing' : `"${String(found).slice(0, 50)}"`;
  const known = Object.keys(models).join(', ');
  throw new AttuneError('E_MODEL_UNSUPPORTED', `${file}: general.architecture is ${shown}; Attune reads ${known}.`, {
    file,
    field: 'general.architecture',
  });
}

/** Reads numbers of the architecture's own keys. */
export function ggufNumbers({ name: file, metadata }: GgufFile, architecture: string) {
  const optional = (key: string): number | undefined => {
    const full = key.startsWith('tokenizer.') ? key : `${architecture}.${key}`;
    const value: GgufValue | undefined = metadata.get(full);
    if (value === undefined) return undefined;
    const numbers = (Array.isArray(value) ? value : [value]).map(Number);
    if (numbers.length > 0 && numbers.every((number) => number === numbers[0]) && Number.isFinite(numbers[0]))
      return numbers[0];
    const message = `${file}: ${full} is ${JSON.stringify(value, (_, own) => (typeof own === 'bigint' ? String(own) : own)).slice(0, 80)}; one number for all layers is needed.`;
    throw new AttuneError('E_GGUF_METADATA', message, { file, field: full });
  };
  return {
    optional,
    number(key: string): number {
      const value = optional(key);
      if (value !== undefined) return value;
      const field = `${architecture}.${key}`;
      throw new AttuneError('E_GGUF_METADATA', `${file} has no ${field}.`, { file, field });
    },
  };
}

/**
 * The configuration of a file's model.
 * @throws AttuneError `E_MODEL_UNSUPPORTED` for an architecture, or a scaling of positions, that there is not;
 * `E_GGUF_METADATA` for numbers that are missing
 */
export async function configOfGguf(source: GgufFile): Promise<ModelConfig> {
  const architecture = architectureOfGguf(source);
  const { optional, number } = ggufNumbers(source, architecture);
  const words = source.tensors.get('token_embd.weight')?.shape[0];
  const token = (name: string) => optional(`tokenizer.ggml.${name}_token_id`);
  if ((optional('expert_count') ?? 0) > 0) {
    const message = `${source.name}: the model is a mixture of experts, which Attune does not have.`;
    throw new AttuneError('E_MODEL_UNSUPPORTED', message, { file: source.name, field: `${architecture}.expert_count` });
  }
  const [modelType, className] = models[architecture]!;
  const shared = {
    model_type: modelType,
    architectures: [className],
    vocab_size: words ?? number('vocab_size'),
    tie_word_embeddings: !source.tensors.has('output.weight'),
    bos_token_id: token('bos') ?? null,
    eos_token_id: token('eos') ?? null,
    pad_token_id: token('padding') ?? null,
  };
  const [width, layers, heads] = [number('embedding_length'), number('block_count'), number('attention.head_count')];
  if (architecture === 'gpt2') {
    return {
      ...shared,
      tie_word_embeddings: true,
      n_embd: width,
      n_layer: layers,
      n_head: heads,
      n_inner: number('feed_forward_length'),
      n_positions: number('context_length'),
      layer_norm_epsilon: number('attention.layer_norm_epsilon'),
    };
  }
  const headWidth = optional('attention.key_length') ?? width / heads;
  return {
    ...shared,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: optional('attention.head_count_kv') ?? heads,
    head_dim: headWidth,
    intermediate_size: number('feed_forward_length'),
    max_position_embeddings: number('context_length'),
    rms_norm_eps: number('attention.layer_norm_rms_epsilon'),
    rope_theta: optional('rope.freq_base') ?? 10_000,
    rope_scaling: await scalingOf(source, architecture),
    ...ownFields(architecture, {
      optional,
      headWidth,
      width,
      heads,
      layers,
      hasBias: source.tensors.has('blk.0.attn_q.bias'),
    }),
  };
}

interface Facts {
  readonly optional: (key: string) => number | undefined;
  readonly headWidth: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly hasBias: boolean;
}

function ownFields(architecture: string, facts: Facts): Readonly<Record<string, unknown>> {
  const { optional, headWidth, width, heads, layers } = facts;
  const window = optional('attention.sliding_window') ?? null;
  switch (architecture) {
    case 'llama':
      return { attention_bias: facts.hasBias };
    case 'phi3':
      return {
        sliding_window: window,
        partial_rotary_factor: (optional('rope.dimension_count') ?? headWidth) / headWidth,
      };
    case 'gemma2':
      return {
        sliding_window: window,
        attn_logit_softcapping: optional('attn_logit_softcapping') ?? null,
        final_logit_softcapping: optional('final_logit_softcapping') ?? null,
        // The file does not say: only the largest one scales by its width for each head.
        query_pre_attn_scalar: layers === 46 ? width / heads : headWidth,
      };
    case 'gemma3':
      return {
        sliding_window: window,
        rope_local_base_freq: optional('rope.freq_base_swa') ?? 10_000,
        final_logit_softcapping: optional('final_logit_softcapping') ?? null,
        query_pre_attn_scalar: layers === 62 ? width / heads : headWidth,
      };
    default:
      return {};
  }
}

/** LongRoPE's, for texts no longer than the model began with; those for longer ones lie beside them. */
const SHORT_FACTORS = 'rope_factors_short.weight';

/** `rope_scaling`, also from the factors that Llama 3's files hold as a tensor. */
async function scalingOf(source: GgufFile, architecture: string): Promise<unknown> {
  const { name: file, metadata, tensors } = source;
  const field = `${architecture}.rope.scaling.type`;
  const type = metadata.get(field) ?? 'none';
  const unsupported = (found: string, at: string) =>
    new AttuneError(
      'E_MODEL_UNSUPPORTED',
      `${file}: positions are scaled by ${found}; Attune reads linear, llama3, yarn and longrope.`,
      {
        file,
        field: at,
      },
    );
  const { number, optional } = ggufNumbers(source, architecture);
  const original = optional('rope.scaling.original_context_length');
  const began = original === undefined ? {} : { original_max_position_embeddings: original };
  if (tensors.has(SHORT_FACTORS)) {
    const { data } = await source.readFloat(SHORT_FACTORS);
    const amplitude = optional('rope.scaling.attn_factor');
    const scaling = { rope_type: 'longrope', short_factor: Array.from(data), ...began };
    return amplitude === undefined ? scaling : { ...scaling, attention_factor: amplitude };
  }
  if (tensors.has('rope_freqs.weight'))
    return llama3Scaling(source, architecture, () => unsupported('factors of their own', 'rope_freqs.weight'));
  if (type === 'linear' || type === 'yarn') return { rope_type: type, factor: number('rope.scaling.factor'), ...began };
  if (type === 'none') return null;
  throw unsupported(`"${String(type).slice(0, 50)}"`, field);
}

/** The numbers that llama.cpp's conversion takes where a configuration does not say. */
const llama3 = { rope_type: 'llama3', low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

/** Llama 3's scaling, if the file's factors are those that it makes. */
async function llama3Scaling(source: GgufFile, architecture: string, unsupported: () => AttuneError): Promise<unknown> {
  const { optional } = ggufNumbers(source, architecture);
  const { data } = await source.readFloat('rope_freqs.weight');
  const factor = Array.from(data).reduce((largest, own) => Math.max(largest, own), 1);
  const base = optional('rope.freq_base') ?? 10_000;
  const { low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: original } = llama3;
  const isOurs = Array.from(data).every((found, pair) => {
    const turns = (original * base ** (-pair / data.length)) / (2 * Math.PI);
    const share = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return Math.abs(found - 1 / ((1 - share) / factor + share)) < 1e-3 * factor;
  });
  if (!isOurs) throw unsupported();
  return { ...llama3, factor };
}
