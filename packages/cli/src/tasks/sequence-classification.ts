import { type TextColumns, type TextDataset, type TextExample, textFile } from '@attune/data';
import { AttuneError } from '@attune/ir';
import {
  type Classification,
  type ClassificationInput,
  type ProblemType,
  type SequenceClassifier,
  taskModel,
} from '@attune/models';
import { sequenceClassificationTask as task } from '@attune/tasks';
import { percentage } from '../figures.js';
import { flagOf } from '../spelling.js';
import { openPlainTexts } from './plain-text-file.js';
import { tableOptions } from './table-options.js';
import type { ShownAnswer, TaskDefinition } from './task-definition.js';
import type { TaskSettings } from './task-settings.js';
import { textsAsked } from './text-inputs.js';

export const sequenceClassificationTask: TaskDefinition<
  TextExample,
  TextDataset,
  ClassificationInput,
  Classification,
  SequenceClassifier
> = {
  task: 'sequence-classification',
  maxLength: 128,
  open: (file, settings, { problemType }) => openTexts(file, settings, labelColumns(settings.labelColumn, problemType)),
  async loadOptions(texts, { problemType = 'single_label_classification', labelSmoothing = 0, rDrop }) {
    if (problemType !== 'single_label_classification') {
      if (labelSmoothing > 0) throw needsOneLabel('labelSmoothing', problemType);
      if (rDrop !== undefined) throw needsOneLabel('rDrop', problemType);
    }
    const labels = await texts.labels();
    const areNumbered = problemType === 'regression' && !(await texts.numberNames());
    return { problemType, ...(areNumbered ? { labelCount: labels.length } : { labels }) };
  },
  assemble: (loaded, { labelSmoothing, rDrop }, maxLength) =>
    taskModel(loaded, task, { maxLength, labelSmoothing, rDrop }),
  keyOf: ({ text, textPair }) => `${text}\u0000${textPair ?? ''}`,
  inputs: (settings) =>
    textsAsked(
      settings,
      // A second text stands in a column only.
      (file) => (/\.txt$/i.test(file) ? openPlainTexts(file, settings) : openTexts(file, settings, {})),
      ({ text, textPair }) => ({ text, textPair }),
    ),
  show(input, answer, { problemType }) {
    const text = typeof input === 'string' ? input : input.text;
    const { label, score, labels } = answer;
    if (problemType === 'regression' && labels.length > 1) return showNumbers(text, labels);
    const ranked = labels.map((each) => ({ label: each.label, probability: each.score }));
    switch (problemType) {
      case 'regression':
        return { json: { text, score }, text: `${text}\n  ${score.toFixed(4)}` };
      case 'multi_label_classification': {
        const predicted = ranked.filter(({ probability }) => probability > 0.5);
        return {
          json: { text, predicted: predicted.map((each) => each.label), labels: ranked },
          cells: { text, labels: predicted.map((each) => each.label).join('|') },
          text: `${text}\n  ${predicted.length === 0 ? 'no label' : predicted.map(ranking).join(', ')}`,
        };
      }
      default:
        return {
          json: { text, label, labels: ranked },
          cells: { text, label, probability: ranked[0]?.probability },
          text: `${text}\n  ${ranked.slice(0, 3).map(ranking).join(', ')}`,
        };
    }
  },
};

/** An object for programs, a column for each number in tables. */
function showNumbers(text: string, numbers: Classification['labels']): ShownAnswer {
  const scores = numbers.map(({ label, score }) => [label, score] as const);
  const cells = scores.map(([label, score]) => [ownColumns.includes(label) ? `predicted_${label}` : label, score]);
  return {
    json: { text, scores: Object.fromEntries(scores) },
    cells: { text, ...Object.fromEntries(cells) },
    text: `${text}\n  ${scores.map(([label, score]) => `${label} ${score.toFixed(4)}`).join(', ')}`,
  };
}

/** The columns that a table of answers has of its own. */
const ownColumns: readonly string[] = ['row', 'text', 'error'];

type LabelColumns = Pick<TextColumns, 'label' | 'labels' | 'numbers'>;

/** @throws AttuneError `E_CONFIG` for several columns where each text has classes */
function labelColumns(column: TaskSettings['labelColumn'], problemType: ProblemType | undefined): LabelColumns {
  if (problemType === 'regression') return { numbers: column };
  const [first = '', ...more] = [column].flat();
  if (more.length > 0) {
    throw new AttuneError('E_CONFIG', `labelColumn names ${more.length + 1} columns, which only numbers may have.`, {
      field: 'labelColumn',
      hint: "Name one column; the problemType of numbers is 'regression'.",
    });
  }
  return problemType === 'multi_label_classification' ? { labels: first } : { label: first };
}

function openTexts(file: string, settings: TaskSettings, labelColumns: LabelColumns): TextDataset {
  const { textColumn, textPairColumn, labelSeparator, labels } = settings;
  return textFile(
    file,
    { text: textColumn, ...(textPairColumn === undefined ? {} : { textPair: textPairColumn }), ...labelColumns },
    {
      ...tableOptions(settings),
      ...(labelSeparator === undefined ? {} : { labelSeparator }),
      ...(labels === undefined ? {} : { labels }),
    },
  );
}

const ranking = ({ label, probability }: { readonly label: string; readonly probability: number }): string =>
  `${label} ${percentage(probability)}`;

const needsOneLabel = (field: 'labelSmoothing' | 'rDrop', problemType: ProblemType): AttuneError =>
  new AttuneError('E_CONFIG', `${field} needs one label per text; the problem type is ${problemType}.`, {
    field,
    hint: `Leave ${flagOf(field)} out.`,
  });
