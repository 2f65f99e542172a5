import type { Architecture } from '../architecture.js';
import { parseConfig } from '../parse-config.js';
import { axisRule } from '../sizes.js';
import { EMBEDDINGS } from '../word-embeddings.js';
import { textCnnConfigSchema } from './config.js';
import { CONVOLUTIONS, textCnnEncoder } from './encoder.js';

/** Attune's own files for Kim's classifier, which transformers does not have. */
export const textCnn: Architecture = {
  modelType: 'text-cnn',
  create(raw, file) {
    const config = parseConfig(textCnnConfigSchema, raw, file);
    const kernels = (index: number) => [`${CONVOLUTIONS}.${index}.weight`];
    return {
      classPrefix: 'TextCnn',
      encoder: textCnnEncoder(config),
      sizes: [
        axisRule('vocab_size', config.vocab_size, [`${EMBEDDINGS}.weight`], 0),
        axisRule('embedding_size', config.embedding_size, [`${EMBEDDINGS}.weight`], 1),
        axisRule('num_filters', config.num_filters, kernels(0), 0),
        ...config.kernel_sizes.map((window, index) => axisRule('kernel_sizes', window, kernels(index), 2)),
      ],
      aliases: () => [],
      mayBeUnused: (name) => name.startsWith(`${CONVOLUTIONS}.`),
      owns: (name) => name.startsWith('embeddings.'),
      carriedAs: () => undefined,
    };
  },
};
