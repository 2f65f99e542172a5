/** Mistral (Jiang et al. 2023): a Llama whose layers all see a window. */
import * as z from 'zod/mini';
import { decoderFamily } from './parts/family.js';
import { inverseFrequencies, llamaFields, llamaHeads, llamaPlan, rotaryOfLlama, size } from './parts/llama-like.js';

export const mistral = decoderFamily({
  modelType: 'mistral',
  classPrefix: 'Mistral',
  config: z.looseObject({
    model_type: z.literal('mistral'),
    ...llamaFields,
    max_position_embeddings: z._default(size, 131_072),
    sliding_window: z._default(z.nullable(size), 4096),
  }),
  buffers: inverseFrequencies,
  heads: llamaHeads,
  plan(config, file) {
    const rotary = rotaryOfLlama(config, file);
    return llamaPlan(config, file, () => ({ rotary, window: config.sliding_window ?? undefined }));
  },
});
