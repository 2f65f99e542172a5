/** From a config.json of transformers to what a GGUF file says of the model: the way back of config.ts. */
import { AttuneError } from '@attune/ir';
import { type Definition, isRecord } from '../tokenization/definition.js';
import { ggufArchitectures } from './config.js';
import type { GgufField } from './write.js';

interface GgufModel {
  /** As GGUF calls it. */
  readonly architecture: string;
  readonly heads: number;
  readonly keyHeads: number;
  readonly fields: ReadonlyMap<string, GgufField>;
  /** What the angles of each pair are divided by, as Llama 3 scales positions; none otherwise. */
  readonly ropeFactors?: Float32Array;
}

/** How a field of config.json is found and what stands for one that is missing. */
class Fields {
  readonly #config: Definition;
  readonly #file: string;

  constructor(config: Definition, file: string) {
    this.#config = config;
    this.#file = file;
  }

  optional(name: string): number | undefined {
    const value = this.#config[name] ?? undefined;
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw this.error(`${name} is ${JSON.stringify(value).slice(0, 80)}; a number is needed`, name);
  }

  number(name: string, fallback?: number): number {
    const value = this.optional(name) ?? fallback;
    if (value !== undefined) return value;
    throw this.error(`has no ${name}`, name);
  }

  error(problem: string, field: string): AttuneError {
    return new AttuneError('E_MODEL_UNSUPPORTED', `${this.#file}: ${problem}, which a GGUF file does not say.`, {
      file: this.#file,
      field,
    });
  }
}

const u32 = (value: number): GgufField => ({ type: 'u32', value });
const f32 = (value: number): GgufField => ({ type: 'f32', value });

/**
 * What a file says of the model's shape.
 * @param file how messages call the configuration
 * @throws AttuneError `E_MODEL_UNSUPPORTED` for an architecture or a setting that llama.cpp computes otherwise
 */
export function ggufModelOf(config: Definition, file: string): GgufModel {
  const fields = new Fields(config, file);
  const { model_type: modelType } = config;
  const architecture = typeof modelType === 'string' ? ggufArchitectures.get(modelType) : undefined;
  if (architecture === undefined) {
    const known = [...ggufArchitectures.keys()].join(', ');
    const message = `${file}: Attune writes no GGUF files of ${String(modelType)}; it does of ${known}.`;
    throw new AttuneError('E_MODEL_UNSUPPORTED', message, { file, field: 'model_type' });
  }
  requireActivation(config, architecture, fields);
  const isGpt2 = architecture === 'gpt2';
  const [width, layers, heads] = isGpt2
    ? [fields.number('n_embd'), fields.number('n_layer'), fields.number('n_head')]
    : [fields.number('hidden_size'), fields.number('num_hidden_layers'), fields.number('num_attention_heads')];
  const keyHeads = isGpt2 ? heads : fields.number('num_key_value_heads', heads);
  const shared = {
    context_length: u32(contextOf(config, fields, architecture)),
    embedding_length: u32(width),
    block_count: u32(layers),
    feed_forward_length: u32(isGpt2 ? fields.number('n_inner', 4 * width) : fields.number('intermediate_size')),
    'attention.head_count': u32(heads),
    'attention.head_count_kv': u32(keyHeads),
    vocab_size: u32(fields.number('vocab_size')),
  };
  const facts = { config, fields, architecture, width, heads, layers };
  const own = isGpt2
    ? { 'attention.layer_norm_epsilon': f32(fields.number('layer_norm_epsilon', 1e-5)) }
    : rotaryFields(facts);
  const keyed = Object.entries({ ...shared, ...own }).map(([key, field]) => [`${architecture}.${key}`, field] as const);
  const ropeFactors = isGpt2 ? undefined : ropeFactorsOf(facts);
  return {
    architecture,
    heads,
    keyHeads,
    fields: new Map<string, GgufField>([['general.architecture', { type: 'text', value: architecture }], ...keyed]),
    ...(ropeFactors ? { ropeFactors } : {}),
  };
}

interface Facts {
  readonly config: Definition;
  readonly fields: Fields;
  readonly architecture: string;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
}

/** The fields that name the activation, and what llama.cpp computes. */
const activations: Readonly<Record<string, readonly [field: string, name: string]>> = {
  gpt2: ['activation_function', 'gelu_new'],
  gemma2: ['hidden_activation', 'gelu_pytorch_tanh'],
  gemma3: ['hidden_activation', 'gelu_pytorch_tanh'],
};

function requireActivation(config: Definition, architecture: string, fields: Fields): void {
  const [field, name] = activations[architecture] ?? ['hidden_act', 'silu'];
  const found = config[field] ?? name;
  if (found !== name) throw fields.error(`${field} is ${JSON.stringify(found).slice(0, 80)}, not ${name}`, field);
}

/** Mistral and Qwen have windows that llama.cpp does not: within one, both compute the same. */
function contextOf(config: Definition, fields: Fields, architecture: string): number {
  const positions = fields.number(architecture === 'gpt2' ? 'n_positions' : 'max_position_embeddings');
  const hasWindow = config.model_type === 'mistral' || config.use_sliding_window === true;
  return Math.min(positions, (hasWindow ? fields.optional('sliding_window') : undefined) ?? positions);
}

function rotaryFields(facts: Facts): Readonly<Record<string, GgufField>> {
  const { config, fields, architecture, width, heads } = facts;
  const headWidth = fields.number('head_dim', width / heads);
  const rope = ropeOf(config);
  const scaling: Readonly<Record<string, GgufField>> =
    rope.type === 'linear'
      ? { 'rope.scaling.type': text('linear'), 'rope.scaling.factor': f32(rope.number('factor')) }
      : {};
  if (!['default', 'linear', 'llama3'].includes(rope.type)) {
    throw fields.error(`positions are scaled by "${rope.type}"`, 'rope_scaling');
  }
  return {
    'attention.layer_norm_rms_epsilon': f32(fields.number('rms_norm_eps', architecture === 'phi3' ? 1e-5 : 1e-6)),
    'attention.key_length': u32(headWidth),
    'attention.value_length': u32(headWidth),
    'rope.dimension_count': u32(Math.trunc(headWidth * fields.number('partial_rotary_factor', 1))),
    'rope.freq_base': f32(rope.theta ?? fields.number('rope_theta', architecture === 'gemma3' ? 1_000_000 : 10_000)),
    ...scaling,
    ...(architecture === 'phi3' ? windowOf(fields) : {}),
    ...(architecture.startsWith('gemma') ? gemmaFields(facts, headWidth) : {}),
  };
}

const text = (value: string): GgufField => ({ type: 'text', value });

function windowOf(fields: Fields): Readonly<Record<string, GgufField>> {
  const window = fields.optional('sliding_window');
  return window === undefined ? {} : { 'attention.sliding_window': u32(window) };
}

/** @throws AttuneError `E_MODEL_UNSUPPORTED` for what llama.cpp takes as Gemma's own models have it */
function gemmaFields(
  { config, fields, architecture, width, heads, layers }: Facts,
  headWidth: number,
): Readonly<Record<string, GgufField>> {
  const isLargest = layers === (architecture === 'gemma2' ? 46 : 62);
  const every = architecture === 'gemma2' ? 2 : 6;
  const taken = (field: string, found: unknown, expected: unknown) => {
    if (JSON.stringify(found) === JSON.stringify(expected)) return;
    throw fields.error(`${field} is ${JSON.stringify(found).slice(0, 80)}, not ${JSON.stringify(expected)}`, field);
  };
  taken('query_pre_attn_scalar', fields.number('query_pre_attn_scalar', 256), isLargest ? width / heads : headWidth);
  if (config.layer_types) {
    const kind = (index: number) => ((index + 1) % every === 0 ? 'full_attention' : 'sliding_attention');
    taken(
      'layer_types',
      config.layer_types,
      Array.from({ length: layers }, (_, index) => kind(index)),
    );
  } else if (architecture === 'gemma3') {
    taken('sliding_window_pattern', config.sliding_window_pattern ?? config._sliding_window_pattern ?? every, every);
  }
  if (architecture === 'gemma3') {
    const ropes = isRecord(config.rope_parameters) ? config.rope_parameters.sliding_attention : undefined;
    const local = isRecord(ropes) ? ropes.rope_theta : undefined;
    taken('rope_local_base_freq', local ?? fields.number('rope_local_base_freq', 10_000), 10_000);
  }
  const caps = [['attn_logit_softcapping', 50] as const, ['final_logit_softcapping', 30] as const].flatMap(
    ([name, usual]) => {
      const value = architecture === 'gemma2' ? fields.number(name, usual) : fields.optional(name);
      return value === undefined ? [] : [[name, f32(value)] as const];
    },
  );
  return { ...windowOf(fields), ...Object.fromEntries(caps) };
}

/** `rope_parameters`, of Gemma 3 those of layers that see the whole text, or the older `rope_scaling`. */
function ropeOf({ rope_parameters: parameters, rope_scaling: scaling }: Definition) {
  const whole = isRecord(parameters) ? parameters.full_attention : undefined;
  const given = [whole, parameters, scaling].find(isRecord) ?? {};
  const type = String(given.rope_type ?? given.type ?? 'default');
  const optional = (name: string) => (typeof given[name] === 'number' ? given[name] : undefined);
  return {
    type,
    theta: optional('rope_theta'),
    number: (name: string, fallback = Number.NaN): number => optional(name) ?? fallback,
  };
}

/** Llama 3's factors: 1 for pairs that turn often, the factor for those that turn less than once, between them in proportion. */
function ropeFactorsOf({ config, fields, width, heads }: Facts): Float32Array | undefined {
  const rope = ropeOf(config);
  if (rope.type !== 'llama3') return undefined;
  const headWidth = fields.number('head_dim', width / heads);
  const base = rope.theta ?? fields.number('rope_theta', 10_000);
  const [factor, low, high] = [
    rope.number('factor', 8),
    rope.number('low_freq_factor', 1),
    rope.number('high_freq_factor', 4),
  ];
  const original = rope.number('original_max_position_embeddings', 8192);
  return Float32Array.from({ length: headWidth / 2 }, (_, pair) => {
    const turns = (original * base ** ((-2 * pair) / headWidth)) / (2 * Math.PI);
    const share = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return 1 / ((1 - share) / factor + share);
  });
}
