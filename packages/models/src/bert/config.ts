import { z } from 'zod';

const size = z.number().int().positive();
const rate = z.number().min(0).lt(1);

/** The fields of a BERT configuration that matter here, under their Hugging Face names; others are kept as they are. */
export const bertConfigSchema = z
  .looseObject({
    model_type: z.literal('bert'),
    vocab_size: size,
    hidden_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    intermediate_size: size,
    hidden_act: z.string().default('gelu'),
    hidden_dropout_prob: rate.default(0.1),
    attention_probs_dropout_prob: rate.default(0.1),
    classifier_dropout: rate.nullish(),
    max_position_embeddings: size.default(512),
    type_vocab_size: size.default(2),
    initializer_range: z.number().positive().default(0.02),
    layer_norm_eps: z.number().positive().default(1e-12),
    pad_token_id: z.number().int().nullable().default(0),
    tie_word_embeddings: z.boolean().default(true),
    is_decoder: z.literal(false).default(false),
    position_embedding_type: z.literal('absolute').default('absolute'),
  })
  .refine(({ hidden_size, num_attention_heads }) => hidden_size % num_attention_heads === 0, {
    path: ['num_attention_heads'],
    message: 'does not divide hidden_size',
  });

export type BertConfig = z.infer<typeof bertConfigSchema>;
