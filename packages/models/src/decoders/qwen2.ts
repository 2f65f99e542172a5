/** Qwen2 and 2.5 (Yang et al. 2024): biases in query, key and value; on request windows in the upper layers. */
import * as z from 'zod/mini';
import { decoderFamily } from './parts/family.js';
import {
  inverseFrequencies,
  llamaFields,
  llamaHeads,
  llamaPlan,
  rotaryOfLlama,
  size,
  switchedOff,
} from './parts/llama-like.js';
import { slidingLayers, windowFields } from './parts/windows.js';

export const qwenFields = {
  ...llamaFields,
  ...windowFields,
  max_position_embeddings: z._default(size, 32_768),
  use_sliding_window: switchedOff,
  max_window_layers: z._default(z.int().check(z.nonnegative()), 28),
} as const;

type QwenFields = z.output<z.ZodMiniObject<typeof qwenFields>>;

/** A Llama with windows in the layers from `max_window_layers` on. */
export function qwenPlan(config: QwenFields, file: string) {
  const rotary = rotaryOfLlama(config, file);
  const window = config.use_sliding_window ? (config.sliding_window ?? undefined) : undefined;
  const isDefault = (layer: number) => window !== undefined && layer >= config.max_window_layers;
  const sliding = slidingLayers(config, file, isDefault);
  return llamaPlan(config, file, (layer) => ({ rotary, window: sliding(layer) ? window : undefined }));
}

export const qwen2 = decoderFamily({
  modelType: 'qwen2',
  classPrefix: 'Qwen2',
  config: z.looseObject({ model_type: z.literal('qwen2'), ...qwenFields }),
  buffers: inverseFrequencies,
  heads: llamaHeads,
  plan(config, file) {
    const plan = qwenPlan(config, file);
    return { ...plan, attention: { ...plan.attention, bias: true, outputBias: false } };
  },
});
