import * as z from 'zod/mini';

const size = z.int().check(z.positive());
const rate = z.number().check(z.minimum(0), z.lt(1));

/** fastai's configuration of an AWD-LSTM (`awd_lstm_lm_config`), with its names and defaults. */
export const awdLstmConfigSchema = z.looseObject({
  model_type: z.literal('awd_lstm'),
  vocab_size: size,
  emb_sz: z._default(size, 400),
  n_hid: z._default(size, 1152),
  n_layers: z._default(size, 3),
  pad_token: z._default(z.int().check(z.nonnegative()), 1),
  tie_weights: z._default(z.boolean(), true),
  /** Whether the decoder has a bias. */
  out_bias: z._default(z.boolean(), true),
  bidir: z._default(z.literal(false, { error: 'is true; Attune has AWD-LSTMs of one direction' }), false),
  /** Dropout before the decoder. */
  output_p: z._default(rate, 0.1),
  /** Between layers. */
  hidden_p: z._default(rate, 0.15),
  /** Of word vectors. */
  input_p: z._default(rate, 0.25),
  /** Of whole words. */
  embed_p: z._default(rate, 0.02),
  /** Of the weights between steps. */
  weight_p: z._default(rate, 0.2),
  /** Units of a classifier's inner layer, and dropout before the outer one; before the inner one it is `output_p`. */
  classifier_hidden: z._default(size, 50),
  classifier_p: z._default(rate, 0.1),
  /** A factor on all these rates, fastai's `drop_mult`. */
  dropout: z._default(z.number().check(z.nonnegative()), 1),
});

export type AwdLstmConfig = z.infer<typeof awdLstmConfigSchema>;
