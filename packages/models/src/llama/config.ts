import * as z from 'zod/mini';

const size = z.int().check(z.positive());
const positive = z.number().check(z.positive());

const rope = z.looseObject({
  rope_theta: z.optional(positive),
  rope_type: z.optional(z.string()),
  /** What `rope_type` was called before. */
  type: z.optional(z.string()),
  factor: z.optional(positive),
  low_freq_factor: z.optional(positive),
  high_freq_factor: z.optional(positive),
  original_max_position_embeddings: z.optional(size),
});

export type RopeConfig = z.infer<typeof rope>;

/** The fields of a Llama configuration that matter here, as transformers 4 and 5 write them. */
export const llamaConfigSchema = z
  .looseObject({
    model_type: z.literal('llama'),
    vocab_size: size,
    hidden_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    num_key_value_heads: z.nullish(size),
    head_dim: z.nullish(size),
    intermediate_size: size,
    hidden_act: z._default(z.string(), 'silu'),
    max_position_embeddings: z._default(size, 2048),
    initializer_range: z._default(positive, 0.02),
    rms_norm_eps: z._default(positive, 1e-6),
    attention_bias: z._default(z.boolean(), false),
    mlp_bias: z._default(z.boolean(), false),
    attention_dropout: z._default(z.number().check(z.minimum(0), z.lt(1)), 0),
    pad_token_id: z._default(z.nullable(z.int()), null),
    tie_word_embeddings: z._default(z.boolean(), false),
    rope_parameters: z.nullish(rope),
    rope_theta: z._default(positive, 10_000),
    rope_scaling: z.nullish(rope),
  })
  .check(
    z.refine(({ num_attention_heads: heads, num_key_value_heads: keyHeads }) => heads % (keyHeads ?? heads) === 0, {
      path: ['num_key_value_heads'],
      message: 'does not divide num_attention_heads',
    }),
    z.refine(
      ({ hidden_size, num_attention_heads, head_dim }) => head_dim != null || hidden_size % num_attention_heads === 0,
      {
        path: ['num_attention_heads'],
        message: 'does not divide hidden_size',
      },
    ),
  );

export type LlamaConfig = z.infer<typeof llamaConfigSchema>;
