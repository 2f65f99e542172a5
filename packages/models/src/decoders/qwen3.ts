/** Qwen3 (Yang et al. 2025): query and key are normalised in each head. */
import * as z from 'zod/mini';
import { decoderFamily } from './parts/family.js';
import { inverseFrequencies, llamaHeads, size } from './parts/llama-like.js';
import { qwenFields, qwenPlan } from './qwen2.js';

export const qwen3 = decoderFamily({
  modelType: 'qwen3',
  classPrefix: 'Qwen3',
  config: z.looseObject({ model_type: z.literal('qwen3'), ...qwenFields, head_dim: z._default(size, 128) }),
  buffers: inverseFrequencies,
  heads: llamaHeads,
  plan(config, file) {
    const plan = qwenPlan(config, file);
    return { ...plan, attention: { ...plan.attention, normalizesHeads: true } };
  },
});
