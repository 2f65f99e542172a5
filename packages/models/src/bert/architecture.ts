import { AttuneError } from '@attune/ir';
import type { Architecture } from '../architecture.js';
import { bertConfigSchema } from './config.js';
import { bertForward } from './heads.js';

export const bert: Architecture = {
  modelType: 'bert',
  create(raw, file) {
    const parsed = bertConfigSchema.safeParse(raw);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
      throw new AttuneError('E_CONFIG', `${file}: ${problems.join('; ')}.`, {
        file,
        field: parsed.error.issues[0]?.path.join('.') ?? '',
      });
    }
    const config = parsed.data;
    return {
      maxPositions: config.max_position_embeddings,
      inputNames: ['inputIds', 'attentionMask', 'tokenTypeIds'],
      classNames: {
        'feature-extraction': 'BertModel',
        'sequence-classification': 'BertForSequenceClassification',
        'token-classification': 'BertForTokenClassification',
        'question-answering': 'BertForQuestionAnswering',
        'masked-language-modeling': 'BertForMaskedLM',
      },
      headPrefixes: ['classifier.', 'qa_outputs.', 'cls.', 'bert.pooler.', 'pooler.'],
      aliases(name) {
        const own = name.startsWith('bert.') ? name.slice('bert.'.length) : `bert.${name}`;
        const legacy = (full: string) =>
          full.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
        return [own, legacy(name), legacy(own)];
      },
      mayBeUnused: (name) =>
        /(^|\.)embeddings\.position_ids$|(^|\.)pooler\.|^(cls|classifier|qa_outputs)\./.test(name),
      forward: (task, options) => bertForward(task, config, options),
    };
  },
};
