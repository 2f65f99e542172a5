import type { TextDataset, TextExample } from '@attune/data';
import { AttuneError } from '@attune/ir';
import { type TextWriter, taskModel } from '@attune/models';
import { causalLanguageModelingTask as task } from '@attune/tasks';
import { openPlainTexts } from './plain-text-file.js';
import type { TaskDefinition } from './task-definition.js';

export const causalLanguageModelingTask: TaskDefinition<TextExample, TextDataset, never, never, TextWriter> = {
  task: 'causal-language-modeling',
  maxLength: 256,
  open: openPlainTexts,
  loadOptions: async () => ({}),
  assemble: (loaded, _, maxLength) => taskModel(loaded, task, { maxLength }),
  keyOf: ({ text }) => text,
  async inputs() {
    throw new AttuneError('E_CONFIG', 'This model writes texts; predict is for models that answer.', {
      field: 'model',
      hint: 'attune generate --model DIR --prompt "…"',
    });
  },
  show: () => ({ json: {}, text: '' }),
};
