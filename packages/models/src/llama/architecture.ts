import { activation } from '@attune/core';
import type { Architecture } from '../architecture.js';
import { parseConfig } from '../parse-config.js';
import { axisRule, layersRule } from '../sizes.js';
import { llamaConfigSchema } from './config.js';
import { llamaDecoder } from './decoder.js';

export const llama: Architecture = {
  modelType: 'llama',
  create(raw, file) {
    const config = parseConfig(llamaConfigSchema, raw, file);
    activation(config.hidden_act, file);
    const words = ['model.embed_tokens.weight', 'embed_tokens.weight'];
    const inner = ['model.layers.0.mlp.gate_proj.weight', 'layers.0.mlp.gate_proj.weight'];
    return {
      classPrefix: 'Llama',
      encoder: llamaDecoder(config, file),
      sizes: [
        axisRule('vocab_size', config.vocab_size, words, 0),
        axisRule('hidden_size', config.hidden_size, words, 1),
        axisRule('intermediate_size', config.intermediate_size, inner, 0),
        layersRule('num_hidden_layers', config.num_hidden_layers, /^(?:model\.)?layers\.(\d+)\./),
      ],
      aliases: (name) => [name.startsWith('model.') ? name.slice('model.'.length) : `model.${name}`],
      mayBeUnused: (name) =>
        /rotary_emb\.inv_freq$/.test(name) || (config.tie_word_embeddings && name === 'lm_head.weight'),
      owns: (name) => /^(?:model\.)?(?:embed_tokens|layers|norm)\./.test(name),
      carriedAs: () => undefined,
    };
  },
};
