import { encodeMaskedLanguageModeling, type TextDataset, type TextExample } from '@attune/data';
import { type FilledMask, type MaskFiller, maskFillerOf } from '@attune/models';
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
  assemble: (loaded, { topK }, maxLength) => maskFillerOf(loaded, { maxLength, topK }),
  encode: (texts, { tokenizer, maxLength }, { mlmProbability = 0.15 }, watch) =>
    encodeMaskedLanguageModeling(texts, tokenizer, {
      ...watch,
      maxLength,
      probability: mlmProbability,
      wholeWords: false,
    }),
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
