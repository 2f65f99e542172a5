/** SmolLM3 (Bakouch et al. 2025): a Llama whose every fourth layer knows no positions. */
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { decoderFamily } from './parts/family.js';
import {
  inverseFrequencies,
  llamaFields,
  llamaHeads,
  llamaPlan,
  positive,
  rotaryOfLlama,
  size,
  switchedOff,
} from './parts/llama-like.js';
import { slidingLayers, windowFields } from './parts/windows.js';

export const smollm3 = decoderFamily({
  modelType: 'smollm3',
  classPrefix: 'SmolLM3',
  config: z.looseObject({
    model_type: z.literal('smollm3'),
    ...llamaFields,
    ...windowFields,
    max_position_embeddings: z._default(size, 32_768),
    rope_theta: z._default(positive, 2_000_000),
    tie_word_embeddings: z._default(z.boolean(), true),
    use_sliding_window: switchedOff,
    /** 1 for a layer with rotary positions, 0 for one without. */
    no_rope_layers: z.nullish(z.array(z.literal([0, 1]))),
    no_rope_layer_interval: z._default(size, 4),
  }),
  buffers: inverseFrequencies,
  heads: llamaHeads,
  plan(config, file) {
    const { num_hidden_layers: layers, no_rope_layers: flags, no_rope_layer_interval: interval } = config;
    if (flags && flags.length !== layers) {
      const message = `${file}: no_rope_layers has ${flags.length} entries for ${layers} layers.`;
      throw new AttuneError('E_CONFIG', message, { file, field: 'no_rope_layers' });
    }
    const turns = (layer: number) => (flags ? flags[layer] === 1 : (layer + 1) % interval !== 0);
    const rotary = rotaryOfLlama(config, file);
    const window = config.use_sliding_window ? (config.sliding_window ?? undefined) : undefined;
    const sliding = slidingLayers(config, file, (layer) => window !== undefined && !turns(layer));
    return llamaPlan(config, file, (layer) => ({
      rotary: turns(layer) ? rotary : undefined,
      window: sliding(layer) ? window : undefined,
    }));
  },
});
