/** Gemma 3 for text (Gemma Team 2025): five layers with windows and faster rotation to one of the whole text. */
import * as z from 'zod/mini';
import { gemmaFields, gemmaPlan } from './gemma2.js';
import { decoderFamily } from './parts/family.js';
import { headWidthOf, inverseFrequencies, llamaHeads, positionFields, positive, size } from './parts/llama-like.js';
import { ropeSchema, rotaryOf } from './parts/rope.js';
import { slidingLayers } from './parts/windows.js';

const pattern = z.optional(size);

export const gemma3 = decoderFamily({
  modelType: 'gemma3_text',
  classPrefix: 'Gemma3Text',
  classNames: { ForCausalLM: 'Gemma3ForCausalLM' },
  config: z.looseObject({
    model_type: z.literal('gemma3_text'),
    ...gemmaFields,
    max_position_embeddings: z._default(size, 131_072),
    /** By the kind of layer, as transformers 5 writes them. */
    rope_parameters: z.nullish(
      z.looseObject({ full_attention: z.nullish(ropeSchema), sliding_attention: z.nullish(ropeSchema) }),
    ),
    rope_theta: z._default(positive, 1_000_000),
    rope_local_base_freq: z._default(positive, 10_000),
    /** Every how manieth layer sees the whole text. */
    sliding_window_pattern: pattern,
    _sliding_window_pattern: pattern,
    attn_logit_softcapping: z.nullish(positive),
    final_logit_softcapping: z.nullish(positive),
  }),
  buffers: inverseFrequencies,
  heads: llamaHeads,
  plan(config, file) {
    const { rope_parameters: ropes, rope_scaling, ...fields } = config;
    const headWidth = headWidthOf({ ...fields, rope_parameters: null, rope_scaling });
    const positions = positionFields(config, file);
    const whole = rotaryOf([rope_scaling, ropes?.full_attention], { headWidth, base: config.rope_theta, ...positions });
    const local = rotaryOf([ropes?.sliding_attention], { headWidth, base: config.rope_local_base_freq, ...positions });
    const every = config.sliding_window_pattern ?? config._sliding_window_pattern ?? 6;
    const sliding = slidingLayers(config, file, (layer) => (layer + 1) % every !== 0);
    const plan = gemmaPlan({ ...fields, rope_parameters: null, rope_scaling }, file, sliding, (isSliding) =>
      isSliding ? local : whole,
    );
    return {
      ...plan,
      attention: {
        ...plan.attention,
        normalizesHeads: true,
        softCap: config.attn_logit_softcapping ?? undefined,
      },
      logitCap: config.final_logit_softcapping ?? undefined,
    };
  },
});
