import * as z from 'zod/mini';

const size = z.int().check(z.positive());

/** A convolutional classifier of texts, with the sizes of Kim 2014 by default. */
export const textCnnConfigSchema = z.looseObject({
  model_type: z.literal('text-cnn'),
  vocab_size: size,
  /** Width of the vectors of words. */
  embedding_size: z._default(size, 300),
  /** Words that a window covers, one number for each of the convolutions side by side. */
  kernel_sizes: z._default(z.array(size.check(z.maximum(100))).check(z.minLength(1), z.maxLength(16)), [3, 4, 5]),
  /** Channels of each convolution. */
  num_filters: z._default(size, 100),
  pad_token_id: z._default(z.int().check(z.nonnegative()), 0),
  classifier_dropout: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.5),
});

export type TextCnnConfig = z.infer<typeof textCnnConfigSchema>;
