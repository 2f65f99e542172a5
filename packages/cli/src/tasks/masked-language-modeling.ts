import type { TextDataset, TextExample } from '@attune/data';
import { type FilledMask, type MaskFiller, taskModel } from '@attune/models';
import { maskedLanguageModelingTask as task } from '@attune/tasks';
import { percentage } from '../figures.js';
import { openPlainTexts } from './plain-text-file.js';
import type { TaskDefinition } from './task-definition.js';
import { textsAsked } from './text-inputs.js';

export const maskedLanguageModelingTask: TaskDefinition<
  TextExample,
  TextDataset,
  string,
  readonly FilledMask[],
  MaskFiller
> = {
  task: 'masked-language-modeling',
  maxLength: 128,
  open: openPlainTexts,
  loadOptions: async () => ({}),
  assemble: (loaded, { mlmProbability, topK }, maxLength) =>
    taskModel(loaded, task, { maxLength, mlmProbability, topK }),
  keyOf: ({ text }) => text,
  inputs: (settings) =>
    textsAsked(
      settings,
      (file) => openPlainTexts(file, settings),
      ({ text }) => text,
    ),
  show: (text, masks) => ({
    json: { text, masks },
    text: [
      text,
      ...masks.map(({ tokens }) => `  ${tokens.map(({ token, score }) => `${token} ${percentage(score)}`).join(', ')}`),
    ].join('\n'),
  }),
};
