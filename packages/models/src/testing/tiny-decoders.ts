/** For tests: configurations of tiny decoders, one of each family and of each way in which a family's own differ. */
const shared = {
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 64,
  initializer_range: 0.3,
  pad_token_id: 0,
};

const gemma = { ...shared, head_dim: 6, query_pre_attn_scalar: 9, sliding_window: 4 };
const neox = { ...shared, model_type: 'gpt_neox', rotary_pct: 0.5 };

export const tinyDecoders = {
  gemma: { ...shared, model_type: 'gemma', head_dim: 6, hidden_act: 'gelu' },
  gemma2: { ...gemma, model_type: 'gemma2', attn_logit_softcapping: 2, final_logit_softcapping: 3 },
  gemma3: { ...gemma, model_type: 'gemma3_text', sliding_window_pattern: 2, rope_local_base_freq: 100 },
  gpt2: {
    model_type: 'gpt2',
    vocab_size: 40,
    n_embd: 16,
    n_layer: 2,
    n_head: 4,
    n_positions: 64,
    initializer_range: 0.3,
  },
  'gpt-neox': neox,
  'gpt-neox-sequential': { ...neox, use_parallel_residual: false, attention_bias: false },
  llama: { ...shared, model_type: 'llama', rope_scaling: { type: 'linear', factor: 2 } },
  mistral: { ...shared, model_type: 'mistral', sliding_window: 4 },
  phi3: { ...shared, model_type: 'phi3', partial_rotary_factor: 0.5 },
  qwen2: { ...shared, model_type: 'qwen2', use_sliding_window: true, sliding_window: 5, max_window_layers: 1 },
  qwen3: { ...shared, model_type: 'qwen3', head_dim: 6 },
  smollm3: { ...shared, model_type: 'smollm3', no_rope_layer_interval: 2 },
} as const;
