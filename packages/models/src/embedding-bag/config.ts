import * as z from 'zod/mini';

const size = z.int().check(z.positive());

/** A table of vectors whose mean stands for a text. */
export const embeddingBagConfigSchema = z.looseObject({
  model_type: z.literal('embedding-bag'),
  vocab_size: size,
  hidden_size: size,
  classifier_dropout: z.nullish(z.number().check(z.minimum(0), z.lt(1))),
  initializer_range: z._default(z.number().check(z.positive()), 0.02),
  /** Tokens that count for nothing in the mean: padding, unknown words, what tokenizers put around texts. */
  ignored_token_ids: z._default(
    z.array(z.int().check(z.nonnegative())).check(z.refine(({ length }) => length <= 1000, 'are more than 1000')),
    [],
  ),
});

export type EmbeddingBagConfig = z.infer<typeof embeddingBagConfigSchema>;
