import { type TaggedDataset, type TaggedExample, taggedFile } from '@attune/data';
import { AttuneError } from '@attune/ir';
import { type TextEntity, type TokenClassifier, taskModel } from '@attune/models';
import { tokenClassificationTask as task } from '@attune/tasks';
import { percentage } from '../figures.js';
import { openPlainTexts } from './plain-text-file.js';
import type { TaskDefinition } from './task-definition.js';
import type { TaskSettings } from './task-settings.js';
import { textsAsked } from './text-inputs.js';

export const tokenClassificationTask: TaskDefinition<
  TaggedExample,
  TaggedDataset,
  string,
  readonly TextEntity[],
  TokenClassifier
> = {
  task: 'token-classification',
  maxLength: 128,
  open: openSentences,
  loadOptions: async (sentences) => ({ labels: await sentences.labels() }),
  assemble: (loaded, { labelSmoothing, labelAllTokens, aggregationStrategy }, maxLength) =>
    taskModel(loaded, task, { maxLength, labelSmoothing, labelAllTokens, aggregationStrategy }),
  keyOf: ({ tokens }) => tokens.join(' '),
  inputs: (settings) =>
    textsAsked(
      settings,
      (file) => openPlainTexts(file, settings),
      ({ text }) => text,
    ),
  show(text, entities) {
    const lines = entities.map(
      ({ label, text: found, start, end, score }) => `  ${label} "${found}" [${start}, ${end}) ${percentage(score)}`,
    );
    return { json: { text, entities }, text: [text, ...(lines.length > 0 ? lines : ['  no entity'])].join('\n') };
  },
};

function openSentences(file: string, { tokensColumn, tagsColumn, labels, onBadRow }: TaskSettings): TaggedDataset {
  const options = { onBadRow, ...(labels === undefined ? {} : { labels }) };
  if (/\.(jsonl|ndjson)$/i.test(file)) {
    return taggedFile(file, {
      ...options,
      ...(tokensColumn === undefined ? {} : { tokens: tokensColumn }),
      ...(tagsColumn === undefined ? {} : { tags: tagsColumn }),
    });
  }
  return taggedFile(file, {
    ...options,
    ...(tokensColumn === undefined ? {} : { tokenColumn: columnNumber('tokensColumn', tokensColumn, file) }),
    ...(tagsColumn === undefined ? {} : { tagColumn: columnNumber('tagsColumn', tagsColumn, file) }),
  });
}

/** @throws AttuneError `E_CONFIG` for what is no number of a column */
function columnNumber(field: string, value: string, file: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new AttuneError('E_CONFIG', `${field} is "${value}"; the columns of ${file}, a CoNLL file, have numbers.`, {
    file,
    field,
    hint: 'Give the number of the column, from 1; files of JSON Lines end in .jsonl.',
  });
}
