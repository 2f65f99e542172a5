/** Llama 1 to 3 (Touvron et al. 2023). */
import * as z from 'zod/mini';
import { decoderFamily } from './parts/family.js';
import { inverseFrequencies, llamaFields, llamaHeads, llamaPlan, rotaryOfLlama } from './parts/llama-like.js';

export const llama = decoderFamily({
  modelType: 'llama',
  classPrefix: 'Llama',
  config: z.looseObject({ model_type: z.literal('llama'), ...llamaFields }),
  buffers: inverseFrequencies,
  heads: llamaHeads,
  plan(config, file) {
    const rotary = rotaryOfLlama(config, file);
    return llamaPlan(config, file, () => ({ rotary }));
  },
});
