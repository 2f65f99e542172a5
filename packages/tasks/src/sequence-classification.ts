/** One class, several, or numbers for each text. */
import {
  classificationEvaluator,
  type ExampleSource,
  multiLabelClassification,
  multiLabelEvaluator,
  rDrop as rDropObjective,
  regression,
  regressionEvaluator,
  sequenceClassification as singleLabelClassification,
  softmax,
} from '@attune/core';
import {
  classLabels,
  encodeLabelled,
  isTexts,
  LabelMap,
  labelTexts,
  regressionLabels,
  severalLabels,
  type TextDataset,
  type TextLabels,
} from '@attune/data';
import { type Encoder, encoderScope, type TextClassifier } from './encoder.js';
import { learnedExamples } from './learned-examples.js';
import { classifierModules, classifierPrefix, classify, hiddenStates } from './outputs.js';
import type { Head, TaskSubject, TaskUse, TrainedTask } from './task.js';

export interface SequenceClassifierOptions {
  /** Share of the target that is spread evenly over the classes, 0 by default; of single labels only. */
  readonly labelSmoothing?: number | undefined;
  /** Weight of R-Drop's divergence between two passes; without it there is one pass. Of single labels only. */
  readonly rDrop?: number | undefined;
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

/** The encoder's own classifier, or a linear layer over what stands for a text. */
function textClassifierOf(encoder: Encoder): TextClassifier & Pick<Head, 'classifier' | 'keeps'> {
  const own = encoder.textClassifier;
  if (own) return { ...own, classifier: own.prefixes.at(-1)! };
  return {
    prefixes: [...encoder.textStatePrefixes, classifierPrefix(encoder)],
    modules: classifierModules,
    classifier: classifierPrefix(encoder),
    keeps: ['textState'],
    logits: (scope, states, inputs, labels) =>
      classify(scope, encoder, encoder.textState(encoderScope(scope, encoder), states, inputs), labels),
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
    ...textClassifierOf(encoder),
    forward(scope, inputs, options) {
      const states = encoder.states(encoderScope(scope, encoder), inputs);
      const logits = textClassifierOf(encoder).logits(scope, states.last, inputs, options.labels);
      return { logits, ...hiddenStates(states, options) };
    },
  }),
  use(subject, { labelSmoothing, rDrop }) {
    const { labels, problemType, tokenizer, maxLength } = subject;
    return {
      ...trainingOf(subject, labelSmoothing, rDrop),
      file: { labels: [...labels], ...(problemType ? { problemType } : {}) },
      async check(examples) {
        const texts = textsOf(examples);
        await labelTexts(texts, await textLabelsOf(texts, subject));
      },
      async encode(examples, watch) {
        const texts = textsOf(examples);
        return encodeLabelled(texts, tokenizer, await textLabelsOf(texts, subject), { ...watch, maxLength });
      },
      text: {
        outputNames: ['logits'],
        async encode(inputs) {
          const encodings = await tokenizer.encode(inputs, { truncation: true, maxLength });
          return encodings.map(({ ids, typeIds, truncated }) => ({
            rows: [{ ids, typeIds, truncated }],
            answer: ([outputs]) => {
              const scores = scoresOf(outputs!.logits!, problemType);
              return problemType === 'regression' ? inOrder(labels, scores) : rank(labels, scores);
            },
          }));
        },
      },
    };
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
  labelSmoothing = 0,
  alpha?: number,
): Pick<TaskUse<never, never>, 'objective' | 'evaluator'> {
  switch (problemType) {
    case 'regression':
      return { objective: regression(), evaluator: () => regressionEvaluator(labels) };
    case 'multi_label_classification':
      return { objective: multiLabelClassification(), evaluator: () => multiLabelEvaluator(labels) };
    default:
      return {
        objective:
          alpha === undefined
            ? singleLabelClassification({ classes: labels.length, labelSmoothing })
            : rDropObjective({ classes: labels.length, labelSmoothing, alpha }),
        evaluator: () => classificationEvaluator(labels),
      };
  }
}

function scoresOf(logits: Float32Array, problemType: TaskSubject['problemType']): Float32Array {
  if (problemType === 'regression') return logits;
  if (problemType === 'multi_label_classification') return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  return softmax(logits);
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
