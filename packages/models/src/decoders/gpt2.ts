/** GPT-2 (Radford et al. 2019): learned positions, and weights that files hold as [in, out]. */
import * as z from 'zod/mini';
import { decoderFamily } from './parts/family.js';
import { positive, rate, requireDivides, size, switchedOff } from './parts/llama-like.js';

const dropout = z._default(rate, 0.1);

export const gpt2 = decoderFamily({
  modelType: 'gpt2',
  classPrefix: 'GPT2',
  classNames: { ForCausalLM: 'GPT2LMHeadModel' },
  config: z.looseObject({
    model_type: z.literal('gpt2'),
    vocab_size: z._default(size, 50_257),
    n_positions: z._default(size, 1024),
    n_embd: z._default(size, 768),
    n_layer: z._default(size, 12),
    n_head: z._default(size, 12),
    n_inner: z.nullish(size),
    activation_function: z._default(z.string(), 'gelu_new'),
    resid_pdrop: dropout,
    embd_pdrop: dropout,
    attn_pdrop: dropout,
    classifier_dropout: z.nullish(rate),
    layer_norm_epsilon: z._default(positive, 1e-5),
    initializer_range: z._default(positive, 0.02),
    scale_attn_weights: z._default(z.boolean(), true),
    scale_attn_by_inverse_layer_idx: switchedOff,
    add_cross_attention: z._default(z.literal(false, 'must be false: Attune has no cross attention'), false),
    tie_word_embeddings: z._default(z.boolean(), true),
  }),
  storesTransposed: true,
  buffers: /(?:^|\.)attn\.(?:bias|masked_bias)$/,
  heads: ({ classifier_dropout: given }) => ({
    adapterTargets: ['c_attn'],
    tokenClassifier: { name: 'classifier', bias: true, dropout: given ?? 0.1 },
  }),
  plan(config, file) {
    const { n_embd: width, n_head: heads, n_layer: layers } = config;
    requireDivides(width, heads, ['n_embd', 'n_head'], file);
    const headWidth = width / heads;
    const scale = config.scale_attn_weights ? headWidth ** -0.5 : 1;
    return {
      vocabulary: config.vocab_size,
      width,
      maxPositions: config.n_positions,
      paddingIndex: null,
      initializerRange: config.initializer_range,
      names: {
        prefix: 'transformer',
        embedding: 'wte',
        positions: 'wpe',
        layers: 'h',
        norms: { attention: 'ln_1', mlp: 'ln_2' },
        attention: 'attn',
        projections: ['c_attn'],
        attentionOutput: 'c_proj',
        mlp: 'mlp',
        mlpInputs: ['c_fc'],
        mlpOutput: 'c_proj',
        finalNorm: 'ln_f',
        head: 'lm_head',
        fields: { width: 'n_embd', inner: 'n_inner', layers: 'n_layer' },
      },
      layers,
      layer: (index) => ({ scale: config.scale_attn_by_inverse_layer_idx ? scale / (index + 1) : scale }),
      attention: { heads, keyHeads: heads, headWidth, bias: true, outputBias: true, dropout: config.attn_pdrop },
      mlp: { width: config.n_inner ?? 4 * width, activation: config.activation_function, isGated: false, bias: true },
      norm: { kind: 'layer', epsilon: config.layer_norm_epsilon },
      dropout: { embedding: config.embd_pdrop, residual: config.resid_pdrop },
      isTied: config.tie_word_embeddings,
    };
  },
});
