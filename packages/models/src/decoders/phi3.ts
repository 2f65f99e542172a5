/** Phi-3 (Abdin et al. 2024): one layer for query, key and value, and one for gate and value of the MLP. */
import * as z from 'zod/mini';
import { decoderFamily } from './parts/family.js';
import {
  inverseFrequencies,
  llamaFields,
  llamaHeads,
  llamaNames,
  llamaPlan,
  positive,
  rate,
  rotaryOfLlama,
  size,
} from './parts/llama-like.js';

export const phi3 = decoderFamily({
  modelType: 'phi3',
  classPrefix: 'Phi3',
  config: z.looseObject({
    model_type: z.literal('phi3'),
    ...llamaFields,
    max_position_embeddings: z._default(size, 4096),
    rms_norm_eps: z._default(positive, 1e-5),
    partial_rotary_factor: z._default(positive, 1),
    sliding_window: z.nullish(size),
    resid_pdrop: z._default(rate, 0),
  }),
  buffers: inverseFrequencies,
  heads: (config) => ({ ...llamaHeads(config), adapterTargets: ['qkv_proj'] }),
  plan(config, file) {
    const rotary = rotaryOfLlama(config, file, config.partial_rotary_factor);
    const plan = llamaPlan(config, file, () => ({ rotary, window: config.sliding_window ?? undefined }));
    return {
      ...plan,
      names: { ...llamaNames, projections: ['qkv_proj'], mlpInputs: ['gate_up_proj'] },
      attention: { ...plan.attention, bias: false, outputBias: false },
      mlp: { ...plan.mlp, bias: false },
      dropout: { embedding: 0, residual: config.resid_pdrop },
    };
  },
});
