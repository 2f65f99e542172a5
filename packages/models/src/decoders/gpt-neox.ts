/** GPT-NeoX and Pythia (Black et al. 2022): attention and MLP side by side, rotary positions in a part of each head. */
import * as z from 'zod/mini';
import { decoderFamily } from './parts/family.js';
import { positive, rate, requireDivides, rope, size } from './parts/llama-like.js';
import { rotaryOf } from './parts/rope.js';

const switchedOn = z._default(z.boolean(), true);

export const gptNeox = decoderFamily({
  modelType: 'gpt_neox',
  classPrefix: 'GPTNeoX',
  config: z.looseObject({
    model_type: z.literal('gpt_neox'),
    vocab_size: size,
    hidden_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    intermediate_size: size,
    hidden_act: z._default(z.string(), 'gelu'),
    max_position_embeddings: z._default(size, 2048),
    attention_dropout: z._default(rate, 0),
    hidden_dropout: z._default(rate, 0),
    classifier_dropout: z._default(rate, 0.1),
    layer_norm_eps: z._default(positive, 1e-5),
    initializer_range: z._default(positive, 0.02),
    attention_bias: switchedOn,
    use_parallel_residual: switchedOn,
    tie_word_embeddings: z._default(z.boolean(), false),
    rope_parameters: rope,
    rope_scaling: rope,
    rotary_emb_base: z._default(positive, 10_000),
    rotary_pct: z._default(positive, 0.25),
  }),
  buffers: /(?:^|\.)attention\.(?:bias|masked_bias|rotary_emb\.inv_freq)$/,
  heads: ({ classifier_dropout: dropout }) => ({
    adapterTargets: ['query_key_value'],
    tokenClassifier: { name: 'classifier', bias: true, dropout },
  }),
  aliases: (name) => (name === 'embed_out.weight' ? ['lm_head.weight'] : []),
  plan(config, file) {
    const { hidden_size: width, num_attention_heads: heads, num_hidden_layers: layers } = config;
    requireDivides(width, heads, ['hidden_size', 'num_attention_heads'], file);
    const headWidth = width / heads;
    const rotary = rotaryOf([config.rope_scaling, config.rope_parameters], {
      headWidth,
      base: config.rotary_emb_base,
      share: config.rotary_pct,
      positions: config.max_position_embeddings,
      file,
    });
    const { attention_bias: bias, hidden_dropout: dropped } = config;
    return {
      vocabulary: config.vocab_size,
      width,
      maxPositions: config.max_position_embeddings,
      paddingIndex: null,
      initializerRange: config.initializer_range,
      names: {
        prefix: 'gpt_neox',
        embedding: 'embed_in',
        layers: 'layers',
        norms: { attention: 'input_layernorm', mlp: 'post_attention_layernorm' },
        attention: 'attention',
        projections: ['query_key_value'],
        isByHead: true,
        attentionOutput: 'dense',
        mlp: 'mlp',
        mlpInputs: ['dense_h_to_4h'],
        mlpOutput: 'dense_4h_to_h',
        finalNorm: 'final_layer_norm',
        head: 'embed_out',
        fields: { width: 'hidden_size', inner: 'intermediate_size', layers: 'num_hidden_layers' },
      },
      layers,
      layer: () => ({ rotary, scale: headWidth ** -0.5 }),
      attention: { heads, keyHeads: heads, headWidth, bias, outputBias: bias, dropout: config.attention_dropout },
      mlp: { width: config.intermediate_size, activation: config.hidden_act, isGated: false, bias: true },
      norm: { kind: 'layer', epsilon: config.layer_norm_eps },
      dropout: { embedding: dropped, residual: dropped },
      isParallel: config.use_parallel_residual,
      isTied: config.tie_word_embeddings,
    };
  },
});
