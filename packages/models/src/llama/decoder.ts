/** Llama's decoder (Touvron et al. 2023), with the parameter names of transformers' LlamaModel. */
import {
  activation,
  type BatchShape,
  type BatchTypes,
  causalAttention,
  decoderSight,
  embeddingLayer,
  type Initializer,
  lastToken,
  linear,
  meanPooling,
  namedValue,
  rmsNormLayer,
  type Scope,
  type Sight,
  tokenFields,
  type Values,
} from '@attune/core';
import { add, mul, project, type RotaryOptions, tensorType, type Value } from '@attune/ir';
import type { Encoder, HiddenStates } from '@attune/tasks';
import { layerDepths } from '../layer-depths.js';
import type { LlamaConfig } from './config.js';
import { rotaryOf } from './rope.js';

/** @throws AttuneError `E_MODEL_UNSUPPORTED`, `E_CONFIG` */
export function llamaDecoder(config: LlamaConfig, file: string): Encoder {
  const rotary = rotaryOf(config, headWidthOf(config), file);
  return {
    modelType: 'llama',
    width: config.hidden_size,
    maxPositions: config.max_position_embeddings,
    inputs: tokenFields('inputIds', 'attentionMask'),
    prefix: 'model',
    sees: 'earlier',
    depths: layerDepths(config.num_hidden_layers, /^(?:model\.)?embed_tokens(?:\.|$)/, /^(?:model\.)?layers\.(\d+)/),
    initializer: initializerOf(config),
    adapterTargets: ['q_proj', 'v_proj'],
    classifierDropout: 0,
    classifier: { name: 'score', bias: false },
    states: (scope, inputs) => llamaStates(scope, config, rotary, inputs),
    cache: (shape) => cacheOf(config, shape),
    mean: (states, inputs) => meanPooling(states, namedValue(inputs, 'attentionMask')),
    textState: (_, states, inputs) => lastToken(states, namedValue(inputs, 'attentionMask')),
    textStatePrefixes: [],
    vocabulary: {
      prefixes: config.tie_word_embeddings ? [] : ['lm_head.'],
      modules: ['lm_head'],
      adapterModules: [],
      scores(scope, states) {
        const { vocab_size: tokens, hidden_size: width } = config;
        if (!config.tie_word_embeddings) {
          return linear(scope, 'lm_head', states, tokens, { bias: false, initializer: initializerOf(config) });
        }
        return project(states, scope.child('model').child('embed_tokens').parameter('weight', [tokens, width]));
      },
    },
  };
}

function llamaStates(scope: Scope, config: LlamaConfig, rotary: RotaryOptions, inputs: Values): HiddenStates {
  const sight = decoderSight(inputs, scope.firstPosition);
  const initializer = initializerOf(config);
  const shape = [config.vocab_size, config.hidden_size] as const;
  const ids = namedValue(inputs, 'inputIds');
  const options = { paddingIndex: config.pad_token_id, initializer };
  let hidden = embeddingLayer(scope, 'embed_tokens', ids, shape, options);
  const layers = [hidden];
  const cache: Record<string, Value> = {};
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const names = [cacheName(index, 'key'), cacheName(index, 'value')] as const;
    const before = sight.cachePosition && ([namedValue(inputs, names[0]), namedValue(inputs, names[1])] as const);
    const made = llamaLayer(scope.child('layers').child(index), hidden, { config, rotary, sight, cache: before });
    hidden = made.hidden;
    for (const [part, name] of names.entries()) cache[name] = made.cache[part]!;
    layers.push(hidden);
  }
  const last = rmsNormLayer(scope, 'norm', hidden, config.rms_norm_eps);
  return { layers: layers.with(-1, last), last, ...(sight.cachePosition ? { carried: cache } : {}) };
}

interface LayerOptions {
  readonly config: LlamaConfig;
  readonly rotary: RotaryOptions;
  readonly sight: Sight;
  readonly cache: readonly [Value, Value] | undefined;
}

function llamaLayer(scope: Scope, x: Value, { config, rotary, sight, cache }: LayerOptions) {
  const initializer = initializerOf(config);
  const normalized = rmsNormLayer(scope, 'input_layernorm', x, config.rms_norm_eps);
  const { attended, cache: filled } = causalAttention(scope.child('self_attn'), normalized, sight, {
    heads: config.num_attention_heads,
    keyHeads: keyHeadsOf(config),
    headWidth: headWidthOf(config),
    bias: config.attention_bias,
    dropout: config.attention_dropout,
    rotary,
    initializer,
    cache,
  });
  const settled = add(x, attended);
  const mlp = scope.child('mlp');
  const within = rmsNormLayer(scope, 'post_attention_layernorm', settled, config.rms_norm_eps);
  const options = { bias: config.mlp_bias, initializer };
  const gate = activation(config.hidden_act)(linear(mlp, 'gate_proj', within, config.intermediate_size, options));
  const widened = mul(gate, linear(mlp, 'up_proj', within, config.intermediate_size, options));
  const narrowed = linear(mlp, 'down_proj', widened, config.hidden_size, options);
  return { hidden: add(settled, narrowed), cache: filled };
}

const cacheName = (layer: number, part: 'key' | 'value'): string => `cache.${layer}.${part}`;

function cacheOf(config: LlamaConfig, { batch, tokens }: BatchShape): BatchTypes {
  const type = tensorType([batch, keyHeadsOf(config), tokens, headWidthOf(config)]);
  const names = Array.from({ length: config.num_hidden_layers }, (_, layer) => [
    cacheName(layer, 'key'),
    cacheName(layer, 'value'),
  ]);
  return Object.fromEntries(names.flat().map((name) => [name, type]));
}

const keyHeadsOf = ({ num_attention_heads: heads, num_key_value_heads: keyHeads }: LlamaConfig) => keyHeads ?? heads;

const headWidthOf = ({ head_dim: width, hidden_size, num_attention_heads: heads }: LlamaConfig) =>
  width ?? hidden_size / heads;

const initializerOf = ({ initializer_range: standardDeviation }: LlamaConfig): Initializer => ({
  kind: 'normal',
  standardDeviation,
});
