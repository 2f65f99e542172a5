/** Gemma (Gemma Team 2024): a Llama with wider heads, scaled embeddings and norms that add 1 to their weights. */
import * as z from 'zod/mini';
import { decoderFamily } from './parts/family.js';
import { inverseFrequencies, llamaFields, llamaHeads, llamaPlan, rotaryOfLlama, size } from './parts/llama-like.js';

export const gemma = decoderFamily({
  modelType: 'gemma',
  classPrefix: 'Gemma',
  config: z.looseObject({
    model_type: z.literal('gemma'),
    ...llamaFields,
    head_dim: z._default(size, 256),
    // Official releases say `gelu` and mean its tanh approximation.
    hidden_act: z.pipe(
      z._default(z.string(), 'gelu_pytorch_tanh'),
      z.transform((name) => (name === 'gelu' ? 'gelu_pytorch_tanh' : name)),
    ),
    max_position_embeddings: z._default(size, 8192),
    pad_token_id: z._default(z.nullable(z.int()), 0),
    tie_word_embeddings: z._default(z.boolean(), true),
    use_bidirectional_attention: z.optional(z.nullable(z.literal(false, 'must be false: Attune has causal attention'))),
  }),
  buffers: inverseFrequencies,
  heads: llamaHeads,
  plan(config, file) {
    const rotary = rotaryOfLlama(config, file);
    const plan = llamaPlan(config, file, () => ({ rotary }));
    return {
      ...plan,
      mlp: { ...plan.mlp, bias: false },
      norm: { ...plan.norm, kind: 'rms_plus_one' },
      embeddingScale: Math.sqrt(config.hidden_size),
    };
  },
});
