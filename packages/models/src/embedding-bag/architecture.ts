import { type Task, tokenFields } from '@attune/core';
import { AttuneError } from '@attune/ir';
import type { Architecture } from '../architecture.js';
import { parseConfig } from '../parse-config.js';
import { axisRule } from '../sizes.js';
import { embeddingBagConfigSchema } from './config.js';
import { type EmbeddingBagTask, embeddingBagForward, embeddingBagTasks, VECTORS } from './forward.js';

/** Texts have no positions here; the number only bounds what a batch may hold. */
const maxPositions = 1_000_000;

const taskOf = (task: Task): EmbeddingBagTask | undefined => embeddingBagTasks.find((each) => each === task);

/** Attune's own architecture of static vectors, which transformers does not have. */
export const embeddingBag: Architecture = {
  modelType: 'embedding-bag',
  create(raw, file) {
    const config = parseConfig(embeddingBagConfigSchema, raw, file);
    return {
      width: config.hidden_size,
      maxPositions,
      inputs: tokenFields('inputIds', 'attentionMask'),
      predictsAtPositions: false,
      classNames: {
        'feature-extraction': 'EmbeddingBagModel',
        'sequence-classification': 'EmbeddingBagForSequenceClassification',
        'token-classification': 'EmbeddingBagForTokenClassification',
      },
      heads: { 'sequence-classification': ['classifier.'], 'token-classification': ['classifier.'] },
      classifier: 'classifier.',
      sizes: [
        axisRule('vocab_size', config.vocab_size, [VECTORS], 0),
        axisRule('hidden_size', config.hidden_size, [VECTORS], 1),
      ],
      aliases: () => [],
      mayBeUnused: (name, task) => task === 'feature-extraction' && name.startsWith('classifier.'),
      owns: (name) => /^(?:embeddings|classifier)\./.test(name),
      carriedAs: () => undefined,
      forward(task, options) {
        const own = taskOf(task);
        if (own) return embeddingBagForward(own, config, options);
        throw new AttuneError('E_MODEL_UNSUPPORTED', `${file}: an embedding bag does not do ${task}.`, {
          file,
          field: 'task',
        });
      },
    };
  },
};
