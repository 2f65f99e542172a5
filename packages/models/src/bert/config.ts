import * as z from 'zod/mini';

const size = z.int().check(z.positive());
const rate = z.number().check(z.minimum(0), z.lt(1));

/** The fields of a BERT configuration that matter here, under their Hugging Face names; others are kept as they are. */
export const bertConfigSchema = z
  .looseObject({
    model_type: z.literal('bert'),
    vocab_size: size,
    hidden_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    intermediate_size: size,
    hidden_act: z._default(z.string(), 'gelu'),
    hidden_dropout_prob: z._default(rate, 0.1),
    attention_probs_dropout_prob: z._default(rate, 0.1),
    classifier_dropout: z.nullish(rate),
    max_position_embeddings: z._default(size, 512),
    type_vocab_size: z._default(size, 2),
    initializer_range: z._default(z.number().check(z.positive()), 0.02),
    layer_norm_eps: z._default(z.number().check(z.positive()), 1e-12),
    pad_token_id: z._default(z.nullable(z.int()), 0),
    tie_word_embeddings: z._default(z.boolean(), true),
    is_decoder: z._default(z.literal(false), false),
    position_embedding_type: z._default(z.literal('absolute'), 'absolute'),
  })
  .check(
    z.refine(({ hidden_size, num_attention_heads }) => hidden_size % num_attention_heads === 0, {
      path: ['num_attention_heads'],
      message: 'does not divide hidden_size',
    }),
    z.refine(({ vocab_size, pad_token_id: id }) => id === null || (id < vocab_size && id >= -vocab_size), {
      path: ['pad_token_id'],
      message: 'is beyond vocab_size',
    }),
  );

export type BertConfig = z.infer<typeof bertConfigSchema>;
