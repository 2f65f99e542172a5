/** One class, several, or numbers for each text. */
import {
  classificationEvaluator,
  type ExampleSource,
  firstToken,
  multiLabelClassification,
  multiLabelEvaluator,
  normalizeRows,
  rDrop as rDropObjective,
  regression,
  regressionEvaluator,
  sequenceClassificationObjective as singleLabelClassification,
  type Values,
} from '@attune/core';
import { softmaxOf } from '@attune/core/internal';
import { isTexts, LabelMap, type TextColumns, type TextDataset, textFile } from '@attune/data';
import {
  classLabels,
  encodeLabelled,
  labelTexts,
  regressionLabels,
  severalLabels,
  type TextLabels,
} from '@attune/data/internal';
import { AttuneError, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { answersByLogits } from './answers-by-logits.js';
import { textsAsked } from './asked.js';
import { type Encoder, encoderScope, type TextClassifier } from './encoder.js';
import { keyOfTexts, learnedExamples } from './learned-examples.js';
import { numberOption, type SettingsOf, sharedOptions, textOption } from './options.js';
import { classifierModules, classifierPrefix, classify, hiddenStates, textLabelLayer } from './outputs.js';
import { type ProblemType, problemTypes } from './problem-type.js';
import { openPlainTexts, type TaskSettings, tableOptions } from './settings.js';
import { percentage, type ShownAnswer } from './shown-answer.js';
import type { ClassifierVector, Head, TaskSubject, TaskUse, TrainedTask } from './task.js';

export interface SequenceClassifierOptions {
  /** Share of the target that is spread evenly over the classes, 0 by default; of single labels only. */
  readonly labelSmoothing?: number | undefined;
  /** Weight of R-Drop's divergence between two passes; without it there is one pass. Of single labels only. */
  readonly rDrop?: number | undefined;
  /**
   * Focal loss (Lin et al. 2017, arXiv 1708.02002): each loss times (1 - p)^gamma, so that texts that are told well count for
   * less; 2 is the paper's. Without it losses count as they are. Of single labels, and of several.
   */
  readonly focalGamma?: number | undefined;
}

/**
 * What a text is, most probable first: one label, or every label by itself; or the numbers of a regression, each as the
 * `score` of its name, in the order of the outputs.
 */
export interface Classification {
  /** The most probable label, or the first number. */
  readonly label: string;
  readonly score: number;
  readonly labels: readonly { readonly label: string; readonly score: number }[];
}

/** A text, or two that are classified together. */
export type ClassificationInput = string | { readonly text: string; readonly textPair?: string | undefined };

const options = {
  problemType: textOption(
    z.optional(z.enum(problemTypes)),
    'what labels of texts mean; single_label_classification by default',
    { uses: ['train'] },
  ),
  textPairColumn: sharedOptions.textPairColumn,
  labelColumn: textOption(
    z._default(
      z.union(
        [z.string(), z.array(z.string().check(z.minLength(1))).check(z.minLength(1))],
        'a name, or a list of names, is needed',
      ),
      'label',
    ),
    'column of the labels, or columns a,b,c of one number each',
  ),
  labelSeparator: textOption(
    z.optional(z.string().check(z.minLength(1))),
    'stands between several labels or numbers of a text; | by default',
  ),
  labels: sharedOptions.labels,
  labelSmoothing: sharedOptions.labelSmoothing,
  rDrop: numberOption(
    z.optional(z.number().check(z.nonnegative())),
    'weight of R-Drop: how much two passes with other dropout have to agree; 1 to 5 suit, off by default',
    { uses: ['train'], runField: 'objective' },
  ),
  focalGamma: numberOption(
    z.optional(z.number().check(z.nonnegative())),
    'focal loss: texts that are told well count for less; 2 suits uneven classes, off by default',
    { uses: ['train'], runField: 'objective' },
  ),
  text: sharedOptions.text,
} as const;

type Settings = TaskSettings & SettingsOf<typeof options>;

/** The encoder's own classifier, or a linear layer over what stands for a text. */
function textClassifierOf(encoder: Encoder): TextClassifier & Pick<Head, 'classifier' | 'keeps'> {
  const own = encoder.textClassifier;
  if (own) return { ...own, classifier: own.prefixes.at(-1)! };
  return {
    prefixes: [...encoder.textStatePrefixes, classifierPrefix(textLabelLayer(encoder))],
    modules: classifierModules,
    classifier: classifierPrefix(textLabelLayer(encoder)),
    keeps: ['textState'],
    logits: (scope, states, inputs, labels) =>
      classify(scope, textLabelLayer(encoder), encoder.textState(encoderScope(scope, encoder), states, inputs), labels),
  };
}

/** A linear layer over a vector of sentence-transformers. */
function vectorClassifier(encoder: Encoder, vector: ClassifierVector): TextClassifier & Pick<Head, 'classifier'> {
  const layer = textLabelLayer(encoder);
  const prefix = classifierPrefix(layer);
  const vectorOf = (states: Value, inputs: Values) =>
    normalizeRows(vector === 'normalized_mean' ? encoder.mean(states, inputs) : firstToken(states));
  return {
    prefixes: [prefix],
    modules: classifierModules,
    classifier: prefix,
    logits: (scope, states, inputs, labels) => classify(scope, layer, vectorOf(states, inputs), labels),
  };
}

function headOf(encoder: Encoder, classifier: TextClassifier & Pick<Head, 'classifier' | 'keeps'>): Head {
  return {
    ...classifier,
    forward(scope, inputs, options) {
      const states = encoder.states(encoderScope(scope, encoder), inputs);
      const logits = classifier.logits(scope, states.last, inputs, options.labels);
      return { logits, ...hiddenStates(states, options) };
    },
  };
}

/** `logits` [batch, labels]; answers with labels and their probabilities, or with numbers. */
export const sequenceClassificationTask: TrainedTask<
  Classification,
  ClassificationInput,
  SequenceClassifierOptions,
  'sequence-classification'
> = {
  name: 'sequence-classification',
  defaultLength: 128,
  classSuffix: 'ForSequenceClassification',
  peftTaskType: 'SEQ_CLS',
  labelModules: classifierModules,
  hasProblemType: true,
  headOn: (encoder) => ({
    ...headOf(encoder, textClassifierOf(encoder)),
    reading: (vector) => headOf(encoder, vectorClassifier(encoder, vector)),
  }),
  use(subject, own) {
    const { labels, problemType, temperature = 1, tokenizer, maxLength } = subject;
    return {
      ...trainingOf(subject, own),
      file: { labels: [...labels], ...(problemType ? { problemType } : {}) },
      async check(examples) {
        const texts = textsOf(examples);
        await labelTexts(texts, await textLabelsOf(texts, subject));
      },
      async encode(examples, watch) {
        const texts = textsOf(examples);
        return encodeLabelled(texts, tokenizer, await textLabelsOf(texts, subject), { ...watch, maxLength });
      },
      text: answersByLogits(tokenizer, maxLength, (logits) => {
        const scores = scoresOf(logits, problemType, temperature);
        return problemType === 'regression' ? inOrder(labels, scores) : rank(labels, scores);
      }),
    };
  },
  aliases: ['text-classification', 'sentiment-analysis', 'classification', 'classify', 'seq_cls'],
  options,
  files: {
    open(file, settings: Settings, trained) {
      const { problemType } = trained ?? settings;
      return openTexts(file, settings, labelColumns(settings.labelColumn, problemType));
    },
    async labelsOf(
      texts: TextDataset,
      { problemType = 'single_label_classification', labelSmoothing = 0, rDrop, focalGamma }: Settings,
    ) {
      if (problemType === 'regression' && focalGamma !== undefined) throw needsClasses('focalGamma', problemType);
      if (problemType !== 'single_label_classification') {
        if (labelSmoothing > 0) throw needsClasses('labelSmoothing', problemType);
        if (rDrop !== undefined) throw needsClasses('rDrop', problemType);
      }
      const labels = await texts.labels();
      const areNumbered = problemType === 'regression' && !(await texts.numberNames());
      return { problemType, ...(areNumbered ? { labelCount: labels.length } : { labels }) };
    },
    keyOf: keyOfTexts,
  },
  asking: {
    command: 'predict',
    example: '--text "…"',
    predict: {
      inputs: (settings: Settings) =>
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
    },
  },
};

const textsOf = (examples: ExampleSource): TextDataset =>
  learnedExamples(examples, isTexts, {
    task: sequenceClassificationTask.name,
    needed: 'texts with labels, such as those of csv(), jsonl() and rows()',
  });

/** How the labels of texts become fields. */
async function textLabelsOf(
  texts: TextDataset,
  { labels, problemType }: Pick<TaskSubject, 'labels' | 'problemType'>,
): Promise<TextLabels> {
  if (problemType === 'regression') return regressionLabels(texts, labels);
  const classes = new LabelMap(labels);
  return problemType === 'multi_label_classification' ? severalLabels(classes) : classLabels(classes);
}

function trainingOf(
  { labels, problemType }: Pick<TaskSubject, 'labels' | 'problemType'>,
  { labelSmoothing = 0, rDrop: alpha, focalGamma: gamma }: SequenceClassifierOptions,
): Pick<TaskUse<never, never>, 'objective' | 'evaluator'> {
  const focal = gamma === undefined ? {} : { focal: { gamma } };
  switch (problemType) {
    case 'regression':
      return { objective: regression(), evaluator: () => regressionEvaluator(labels) };
    case 'multi_label_classification':
      return { objective: multiLabelClassification(focal), evaluator: () => multiLabelEvaluator(labels) };
    default:
      return {
        objective:
          alpha === undefined
            ? singleLabelClassification({ classes: labels.length, labelSmoothing, ...focal })
            : rDropObjective({ classes: labels.length, labelSmoothing, alpha, ...focal }),
        evaluator: () => classificationEvaluator(labels),
      };
  }
}

function scoresOf(logits: Float32Array, problemType: TaskSubject['problemType'], temperature: number): Float32Array {
  if (problemType === 'regression') return logits;
  if (problemType === 'multi_label_classification') return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  return softmaxOf(logits.map((logit) => logit / temperature));
}

function inOrder(names: readonly string[], scores: Float32Array): Classification {
  const labels = names.map((label, index) => ({ label, score: scores[index]! }));
  return { ...labels[0]!, labels };
}

function rank(names: readonly string[], scores: Float32Array): Classification {
  const { labels } = inOrder(names, scores);
  const ranked = labels.toSorted((one, other) => other.score - one.score);
  return { ...ranked[0]!, labels: ranked };
}

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
function labelColumns(
  column: string | readonly string[] = 'label',
  problemType: ProblemType | undefined,
): LabelColumns {
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

function openTexts(file: string, settings: Settings, labelColumns: LabelColumns): TextDataset {
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

const needsClasses = (field: 'labelSmoothing' | 'rDrop' | 'focalGamma', problemType: ProblemType): AttuneError => {
  const needed = field === 'focalGamma' ? 'classes' : 'one label per text';
  return new AttuneError('E_CONFIG', `${field} needs ${needed}; the problem type is ${problemType}.`, {
    field,
    hint: `Leave ${field} out.`,
  });
};
