import type { Architecture } from '../architecture.js';
import { parseConfig } from '../parse-config.js';
import { axisRule } from '../sizes.js';
import { embeddingBagConfigSchema } from './config.js';
import { embeddingBagEncoder, VECTORS } from './encoder.js';

/** Attune's own architecture of static vectors, which transformers does not have. */
export const embeddingBag: Architecture = {
  modelType: 'embedding-bag',
  create(raw, file) {
    const config = parseConfig(embeddingBagConfigSchema, raw, file);
    return {
      classPrefix: 'EmbeddingBag',
      encoder: embeddingBagEncoder(config),
      sizes: [
        axisRule('vocab_size', config.vocab_size, [VECTORS], 0),
        axisRule('hidden_size', config.hidden_size, [VECTORS], 1),
      ],
      aliases: () => [],
      mayBeUnused: () => false,
      owns: (name) => name.startsWith('embeddings.'),
      carriedAs: () => undefined,
    };
  },
};
