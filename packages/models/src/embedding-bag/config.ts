import { z } from 'zod';

const size = z.number().int().positive();

/** A table of vectors whose mean stands for a text. */
export const embeddingBagConfigSchema = z.looseObject({
  model_type: z.literal('embedding-bag'),
  vocab_size: size,
  hidden_size: size,
  classifier_dropout: z.number().min(0).lt(1).nullish(),
  initializer_range: z.number().positive().default(0.02),
  /** Tokens that count for nothing in the mean: padding, unknown words, what tokenizers put around texts. */
  ignored_token_ids: z.array(z.number().int().nonnegative()).default([]),
});

export type EmbeddingBagConfig = z.infer<typeof embeddingBagConfigSchema>;
