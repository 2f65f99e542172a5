import { encodeCausalLanguageModeling, type TextDataset, type TextExample } from '@attune/data';
import { AttuneError } from '@attune/ir';
import { type TextWriter, textWriterOf } from '@attune/models';
import { openPlainTexts } from './plain-text-file.js';
import type { TaskDefinition } from './task-definition.js';

export const causalLanguageModelingTask: TaskDefinition<TextExample, TextDataset, never, never, TextWriter> = {
  task: 'causal-language-modeling',
  maxLength: 256,
  open: openPlainTexts,
  loadOptions: async () => ({}),
  assemble: (loaded, _, maxLength) => textWriterOf(loaded, { maxLength }),
  encode: (texts, { tokenizer, maxLength }, _, watch) =>
    encodeCausalLanguageModeling(texts, tokenizer, { ...watch, maxLength }),
  keyOf: ({ text }) => text,
  async inputs() {
    throw new AttuneError('E_CONFIG', 'This model writes texts; predict is for models that answer.', {
      field: 'model',
      hint: 'attune generate --model DIR --prompt "…"',
    });
  },
  show: () => ({ json: {}, text: '' }),
};
