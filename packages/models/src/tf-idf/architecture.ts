import type { Architecture } from '../architecture.js';
import { parseConfig } from '../parse-config.js';
import { axisRule } from '../sizes.js';
import { tfidfConfigSchema } from './config.js';
import { IDF, tfidfEncoder } from './encoder.js';

/** Attune's own files for TF-IDF with logistic regression. */
export const tfidf: Architecture = {
  modelType: 'tf-idf',
  create(raw, file) {
    const config = parseConfig(tfidfConfigSchema, raw, file);
    return {
      classPrefix: 'Tfidf',
      encoder: tfidfEncoder(config),
      sizes: [
        axisRule('vocab_size', config.vocab_size, [IDF], 0),
        axisRule('vocab_size', config.vocab_size, ['classifier.weight'], 1),
      ],
      aliases: () => [],
      mayBeUnused: () => false,
      owns: (name) => name === IDF,
      carriedAs: () => undefined,
    };
  },
};
