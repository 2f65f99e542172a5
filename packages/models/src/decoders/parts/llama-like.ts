/** What most families share with Llama: fields of config.json, names in files, and the plan that they make. */
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import type { DecoderNames, DecoderPlan, LayerPlan } from './plan.js';
import { maxPositionsOf, type PositionFields, ropeSchema, rotaryOf } from './rope.js';

export const size = z.int().check(z.positive());
export const positive = z.number().check(z.positive());
export const rate = z.number().check(z.minimum(0), z.lt(1));
export const switchedOff = z._default(z.boolean(), false);
export const rope = z.nullish(ropeSchema);

/** The fields of a Llama configuration that matter here, as transformers 4 and 5 write them, with Llama's defaults. */
export const llamaFields = {
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: z.nullish(size),
  head_dim: z.nullish(size),
  intermediate_size: size,
  hidden_act: z._default(z.string(), 'silu'),
  max_position_embeddings: z._default(size, 2048),
  original_max_position_embeddings: z.nullish(size),
  initializer_range: z._default(positive, 0.02),
  rms_norm_eps: z._default(positive, 1e-6),
  attention_bias: switchedOff,
  mlp_bias: switchedOff,
  attention_dropout: z._default(rate, 0),
  classifier_dropout: z.nullish(rate),
  pad_token_id: z._default(z.nullable(z.int()), null),
  tie_word_embeddings: switchedOff,
  rope_parameters: rope,
  rope_theta: z._default(positive, 10_000),
  rope_scaling: rope,
} as const;

export type LlamaFields = z.output<z.ZodMiniObject<typeof llamaFields>>;

export const llamaNames: DecoderNames = {
  prefix: 'model',
  embedding: 'embed_tokens',
  layers: 'layers',
  norms: { attention: 'input_layernorm', mlp: 'post_attention_layernorm' },
  attention: 'self_attn',
  projections: ['q_proj', 'k_proj', 'v_proj'],
  attentionOutput: 'o_proj',
  mlp: 'mlp',
  mlpInputs: ['gate_proj', 'up_proj'],
  mlpOutput: 'down_proj',
  finalNorm: 'norm',
  head: 'lm_head',
  fields: { width: 'hidden_size', inner: 'intermediate_size', layers: 'num_hidden_layers' },
};

/** What PEFT adapts of such models by default. */
export const llamaHeads = ({ classifier_dropout: dropout }: Pick<LlamaFields, 'classifier_dropout'>) => ({
  adapterTargets: ['q_proj', 'v_proj'],
  tokenClassifier: { name: 'score', bias: true, dropout: dropout ?? 0.1 },
});

export const inverseFrequencies = /(?:^|\.)rotary_emb\.inv_freq$/;

export const headWidthOf = ({ head_dim: width, hidden_size, num_attention_heads: heads }: LlamaFields): number =>
  width ?? hidden_size / heads;

/** The rotary positions that all layers have. @param share of a head that turns; 1 by default @throws AttuneError as `rotaryOf` */
export const rotaryOfLlama = (config: LlamaFields, file: string, share = 1) =>
  rotaryOf([config.rope_scaling, config.rope_parameters], {
    headWidth: headWidthOf(config),
    base: config.rope_theta,
    share,
    ...positionFields(config, file),
  });

/** What rotary positions need to know beside their scaling. */
export const positionFields = (
  config: Pick<LlamaFields, 'max_position_embeddings' | 'original_max_position_embeddings'>,
  file: string,
): PositionFields => ({
  positions: config.max_position_embeddings,
  originalPositions: config.original_max_position_embeddings,
  file,
});

/**
 * The plan of a Llama: a family changes what it has otherwise.
 * @param layerOf what a layer has of its own beside the scale of its head's width
 * @throws AttuneError `E_CONFIG` for sizes that do not divide, and as `rotaryOf`
 */
export function llamaPlan(
  config: LlamaFields,
  file: string,
  layerOf: (layer: number) => Omit<LayerPlan, 'scale'>,
): DecoderPlan {
  const { num_attention_heads: heads, num_key_value_heads: given, hidden_size: width, vocab_size } = config;
  const keyHeads = given ?? heads;
  const headWidth = headWidthOf(config);
  requireDivides(heads, keyHeads, ['num_attention_heads', 'num_key_value_heads'], file);
  requireDivides(headWidth, 1, ['hidden_size', 'num_attention_heads'], file);
  requirePadding(config, file);
  return {
    vocabulary: vocab_size,
    width,
    maxPositions: maxPositionsOf([config.rope_scaling, config.rope_parameters], positionFields(config, file)),
    paddingIndex: config.pad_token_id,
    initializerRange: config.initializer_range,
    names: llamaNames,
    layers: config.num_hidden_layers,
    layer: (index) => ({ scale: headWidth ** -0.5, ...layerOf(index) }),
    attention: {
      heads,
      keyHeads,
      headWidth,
      bias: config.attention_bias,
      outputBias: config.attention_bias,
      dropout: config.attention_dropout,
    },
    mlp: { width: config.intermediate_size, activation: config.hidden_act, isGated: true, bias: config.mlp_bias },
    norm: { kind: 'rms', epsilon: config.rms_norm_eps },
    isTied: config.tie_word_embeddings,
  };
}

/** @throws AttuneError `E_CONFIG` if the first field is not a multiple of the second */
export function requireDivides(
  size: number,
  by: number,
  [first, second]: readonly [string, string],
  file: string,
): void {
  if (size % by === 0) return;
  throw new AttuneError('E_CONFIG', `${file}: ${second} does not divide ${first}.`, { file, field: second });
}

function requirePadding({ vocab_size: tokens, pad_token_id: id }: LlamaFields, file: string): void {
  if (id === null || id < tokens) return;
  const message = `${file}: pad_token_id is ${id}, beyond the vocab_size of ${tokens}.`;
  throw new AttuneError('E_CONFIG', message, { file, field: 'pad_token_id' });
}
