/** A text classifier, ready for the Trainer: model, tokenizer, objective, evaluator, answers and files in one value. */
import {
  classificationEvaluator,
  multiLabelClassification,
  multiLabelEvaluator,
  rDrop as rDropObjective,
  regression,
  regressionEvaluator,
  sequenceClassification as singleLabelClassification,
  softmax,
} from '@attune/core';
import type { Storage } from '@attune/hub';
import { openModelDirectory } from '@attune/hub/directory';
import { sequenceClassificationTask } from '@attune/tasks';
import { loadModel } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import { type TaskModel, type TaskModelOptions, type TaskOptions, type TaskParts, taskModel } from './task-model.js';

export interface SequenceClassifierOptions extends TaskModelOptions {
  /** Share of the target that is spread evenly over the classes, 0 by default; of single labels only. */
  readonly labelSmoothing?: number | undefined;
  /** Weight of R-Drop's divergence between two passes; without it there is one pass. Of single labels only. */
  readonly rDrop?: number | undefined;
}

export type SequenceClassificationOptions = TaskOptions<SequenceClassifierOptions>;

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

export type SequenceClassifier = TaskModel<Classification, ClassificationInput>;

/**
 * Loads a model directory as a classifier of texts; a bare encoder gets a new head.
 * @param directory a path (in Node) or a Storage, with the tokenizer's files
 * @throws AttuneError as `loadModel`; `E_TOO_LONG` for a `maxLength` beyond the model's positions, `E_TOKENIZER`
 */
export async function sequenceClassification(
  directory: Storage | string,
  options: SequenceClassificationOptions = {},
): Promise<SequenceClassifier> {
  const loaded = await loadModel(openModelDirectory(directory), { ...options, task: sequenceClassificationTask });
  return sequenceClassifierOf(loaded, options);
}

/** A model that was loaded for sequence classification, as a classifier. @throws AttuneError as `taskModel` */
export function sequenceClassifierOf(
  loaded: LoadedModel,
  { labelSmoothing, rDrop, ...options }: SequenceClassifierOptions = {},
): Promise<SequenceClassifier> {
  const { labels, problemType } = loaded;
  return taskModel(loaded, sequenceClassificationTask, options, (tokenizer, maxLength) => ({
    ...trainingOf(loaded, labelSmoothing, rDrop),
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
    file: { task: sequenceClassificationTask.name, labels: [...labels], ...(problemType ? { problemType } : {}) },
  }));
}

function trainingOf(
  { labels, problemType }: LoadedModel,
  labelSmoothing = 0,
  alpha?: number,
): Pick<TaskParts<never, never>, 'objective' | 'evaluator'> {
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

function scoresOf(logits: Float32Array, problemType: LoadedModel['problemType']): Float32Array {
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
