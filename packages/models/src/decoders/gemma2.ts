/** Gemma 2 (Gemma Team 2024): norms around attention and MLP, capped scores, windows in every second layer. */
import * as z from 'zod/mini';
import { decoderFamily } from './parts/family.js';
import {
  inverseFrequencies,
  llamaFields,
  llamaHeads,
  llamaNames,
  llamaPlan,
  positive,
  rotaryOfLlama,
  size,
} from './parts/llama-like.js';
import type { DecoderPlan, LayerPlan } from './parts/plan.js';
import { slidingLayers, windowFields } from './parts/windows.js';

export const gemmaFields = {
  ...llamaFields,
  ...windowFields,
  head_dim: z._default(size, 256),
  hidden_activation: z._default(z.string(), 'gelu_pytorch_tanh'),
  pad_token_id: z._default(z.nullable(z.int()), 0),
  tie_word_embeddings: z._default(z.boolean(), true),
  query_pre_attn_scalar: z._default(positive, 256),
  sliding_window: z._default(z.nullable(size), 4096),
  use_bidirectional_attention: z.optional(z.nullable(z.literal(false, 'must be false: Attune has causal attention'))),
} as const;

type GemmaFields = z.output<z.ZodMiniObject<typeof gemmaFields>>;

/** @param sliding whether each layer sees a window only */
export function gemmaPlan(
  config: GemmaFields,
  file: string,
  sliding: (layer: number) => boolean,
  rotaryOf: (isSliding: boolean) => LayerPlan['rotary'],
): DecoderPlan {
  const plan = llamaPlan(config, file, (layer) => ({
    rotary: rotaryOf(sliding(layer)),
    window: sliding(layer) ? (config.sliding_window ?? undefined) : undefined,
  }));
  const scale = config.query_pre_attn_scalar ** -0.5;
  return {
    ...plan,
    names: {
      ...llamaNames,
      norms: {
        attention: 'input_layernorm',
        attended: 'post_attention_layernorm',
        mlp: 'pre_feedforward_layernorm',
        widened: 'post_feedforward_layernorm',
      },
    },
    layer: (index) => ({ ...plan.layer(index), scale }),
    mlp: { ...plan.mlp, activation: config.hidden_activation, bias: false },
    norm: { ...plan.norm, kind: 'rms_plus_one' },
    embeddingScale: Math.sqrt(config.hidden_size),
  };
}

export const gemma2 = decoderFamily({
  modelType: 'gemma2',
  classPrefix: 'Gemma2',
  config: z.looseObject({
    model_type: z.literal('gemma2'),
    ...gemmaFields,
    max_position_embeddings: z._default(size, 8192),
    attn_logit_softcapping: z._default(z.nullable(positive), 50),
    final_logit_softcapping: z._default(z.nullable(positive), 30),
  }),
  buffers: inverseFrequencies,
  heads: llamaHeads,
  plan(config, file) {
    const rotary = rotaryOfLlama(config, file);
    const sliding = slidingLayers(config, file, (layer) => layer % 2 === 0);
    const plan = gemmaPlan(config, file, sliding, () => rotary);
    return {
      ...plan,
      attention: { ...plan.attention, softCap: config.attn_logit_softcapping ?? undefined },
      logitCap: config.final_logit_softcapping ?? undefined,
    };
  },
});
