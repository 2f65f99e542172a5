/** The shape of the base, as config.json has it. */
export const baseConfig = (vocabularySize: number) => ({
  architectures: ['BertModel'],
  model_type: 'bert',
  vocab_size: vocabularySize,
  hidden_size: 256,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  intermediate_size: 1024,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 128,
  type_vocab_size: 2,
  initializer_range: 0.02,
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
});
