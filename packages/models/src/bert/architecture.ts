import { activation } from '@attune/core';
import type { Architecture, SizeRule } from '../architecture.js';
import { parseConfig } from '../parse-config.js';
import { axisRule, layersRule } from '../sizes.js';
import { type BertConfig, bertConfigSchema } from './config.js';
import { bertEncoder } from './encoder.js';

/** Buffers, the pooler, the head of next-sentence prediction, and what is tied to another tensor. */
const alwaysUnused =
  /(^|\.)embeddings\.position_ids$|^(bert\.)?pooler\.dense\.|^cls\.seq_relationship\.|^cls\.predictions\.(decoder\.(weight|bias)|bias)$/;

export const bert: Architecture = {
  modelType: 'bert',
  create(raw, file) {
    const config = parseConfig(bertConfigSchema, raw, file);
    activation(config.hidden_act, file);
    return {
      classPrefix: 'Bert',
      encoder: bertEncoder(config),
      sizes: bertSizes(config),
      aliases(name) {
        const own = name.startsWith('bert.') ? name.slice('bert.'.length) : `bert.${name}`;
        const tied = name === 'cls.predictions.bias' ? ['cls.predictions.decoder.bias'] : [];
        return [own, legacy(name), legacy(own), ...tied];
      },
      mayBeUnused: (name) => alwaysUnused.test(name),
      owns: (name) => /^(?:bert\.)?(?:embeddings|encoder|pooler)\./.test(name),
      carriedAs(name, { keeps = [] }) {
        if (keeps.includes('textState')) return /^(?:bert\.)?(pooler\.dense\..+)$/.exec(name)?.[1];
        const isUntied = keeps.includes('vocabulary') && !config.tie_word_embeddings;
        return isUntied && name === 'cls.predictions.bias' ? name : undefined;
      },
    };
  },
};

/** The names of norms in checkpoints that were converted from TensorFlow. */
const legacy = (name: string): string =>
  name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');

type SizeField = 'vocab_size' | 'hidden_size' | 'max_position_embeddings' | 'type_vocab_size' | 'intermediate_size';

const bertSizes = (config: BertConfig): readonly SizeRule[] => {
  const axis = (field: SizeField, name: string, index: number) =>
    axisRule(field, config[field], [`bert.${name}`, name], index);
  return [
    axis('vocab_size', 'embeddings.word_embeddings.weight', 0),
    axis('hidden_size', 'embeddings.word_embeddings.weight', 1),
    axis('max_position_embeddings', 'embeddings.position_embeddings.weight', 0),
    axis('type_vocab_size', 'embeddings.token_type_embeddings.weight', 0),
    axis('intermediate_size', 'encoder.layer.0.intermediate.dense.weight', 0),
    layersRule('num_hidden_layers', config.num_hidden_layers, /^(?:bert\.)?encoder\.layer\.(\d+)\./),
  ];
};
