/** The layers of the teacher that those of the base begin at. */
export const TEACHER_LAYERS = [0, 2, 5] as const;

/** The shape of the base, as config.json has it: as wide as its teacher, with fewer layers, neurons and pieces. */
export const baseConfig = (vocabularySize: number) => ({
  architectures: ['BertModel'],
  model_type: 'bert',
  vocab_size: vocabularySize,
  hidden_size: 384,
  num_hidden_layers: TEACHER_LAYERS.length,
  num_attention_heads: 12,
  intermediate_size: 512,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 128,
  type_vocab_size: 2,
  initializer_range: 0.02,
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
});

/** Of a model that sees each text a few times only, and has no time to lose. */
export const withoutDropout = <Config extends object>(config: Config) => ({
  ...config,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
});
