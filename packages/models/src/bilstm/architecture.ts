import type { Architecture } from '../architecture.js';
import { parseConfig } from '../parse-config.js';
import { axisRule, layersRule } from '../sizes.js';
import { EMBEDDINGS } from '../word-embeddings.js';
import { bilstmConfigSchema } from './config.js';
import { bilstmEncoder } from './encoder.js';

/** Attune's own files for LSTMs in both directions, which transformers does not have. */
export const bilstm: Architecture = {
  modelType: 'bilstm',
  create(raw, file) {
    const config = parseConfig(bilstmConfigSchema, raw, file);
    return {
      classPrefix: 'BiLstm',
      encoder: bilstmEncoder(config),
      sizes: [
        axisRule('vocab_size', config.vocab_size, [`${EMBEDDINGS}.weight`], 0),
        axisRule('embedding_size', config.embedding_size, [`${EMBEDDINGS}.weight`], 1),
        axisRule('hidden_size', config.hidden_size, ['lstm.weight_hh_l0'], 1),
        layersRule('num_layers', config.num_layers, /^lstm\.weight_hh_l(\d+)$/),
      ],
      aliases: () => [],
      mayBeUnused: () => false,
      owns: (name) => /^(?:embeddings|lstm)\./.test(name),
      carriedAs: () => undefined,
    };
  },
};
