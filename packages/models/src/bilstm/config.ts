import * as z from 'zod/mini';

const size = z.int().check(z.positive());

/** LSTMs in both directions over the vectors of words. */
export const bilstmConfigSchema = z.looseObject({
  model_type: z.literal('bilstm'),
  vocab_size: size,
  /** Width of the vectors of words. */
  embedding_size: z._default(size, 300),
  /** Units of each direction. */
  hidden_size: z._default(size, 128),
  num_layers: z._default(size.check(z.maximum(100)), 1),
  pad_token_id: z._default(z.int().check(z.nonnegative()), 0),
  /** Dropout of word vectors, with one mask for all words of a text. */
  embedding_dropout: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.3),
  classifier_dropout: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.5),
});

export type BilstmConfig = z.infer<typeof bilstmConfigSchema>;
