import type { Batch } from '../dataset.js';
import { argmaxRows } from '../metrics/argmax-rows.js';
import { type ClassScores, classificationReport } from '../metrics/classification.js';
import type { ConfusionPair } from '../metrics/confusion.js';
import { multiLabelReport } from '../metrics/multi-label.js';
import type { NumberScores } from '../metrics/regression.js';
import { type HostBatch, IGNORED_LABEL } from '../objective.js';

/** Collects outputs over an evaluation and turns them into metrics. */
export interface Evaluator {
  /** Outputs that it reads, for instance `logits`. */
  readonly outputNames: readonly string[];
  /** The names of its metrics, where they are known beforehand. */
  readonly metricNames?: readonly string[];
  /** The metric that the task is judged by; the loss if absent. */
  readonly mainMetric?: string;
  /**
   * @param fields the tensors of the batch
   * @param batch where they come from, for what tensors do not say
   */
  add(outputs: HostBatch, fields: HostBatch, batch: Batch): void;
  /** @param loss over the whole evaluation */
  metrics(loss: number): Readonly<Record<string, number>>;
  /** What makes a table beside the metrics; absent where there are neither classes nor several numbers. */
  details?(): EvaluationDetails;
}

export interface EvaluationDetails {
  readonly perClass?: readonly ClassScores[];
  /** Wrong answers, most frequent first. */
  readonly confusions?: readonly ConfusionPair[];
  /** Of several numbers per example. */
  readonly perNumber?: readonly NumberScores[];
}

/** Accuracy and macro F1 of one label per example; ignored labels count for nothing. */
export function classificationEvaluator(names: readonly string[]): Evaluator {
  const labels: number[] = [];
  const predictions: number[] = [];
  return {
    outputNames: ['logits'],
    metricNames: ['accuracy', 'macroF1'],
    mainMetric: 'accuracy',
    add({ logits }, { labels: truth }) {
      if (!logits || !truth) return;
      for (const [row, prediction] of argmaxRows(logits).entries()) {
        const label = truth.data[row]!;
        if (label === IGNORED_LABEL) continue;
        labels.push(label);
        predictions.push(prediction);
      }
    },
    metrics() {
      const { accuracy, macroF1 } = classificationReport(labels, predictions, names);
      return { accuracy, macroF1 };
    },
    details() {
      const { perClass, confusions } = classificationReport(labels, predictions, names);
      return { perClass, confusions };
    },
  };
}

/** Subset accuracy, Hamming loss and F1 of any number of labels per example, each of which is a logit above 0. */
export function multiLabelEvaluator(names: readonly string[]): Evaluator {
  const labels: ArrayLike<number>[] = [];
  const predictions: ArrayLike<number>[] = [];
  return {
    outputNames: ['logits'],
    metricNames: ['subsetAccuracy', 'hammingLoss', 'macroF1', 'microF1'],
    mainMetric: 'microF1',
    add({ logits }, { labels: truth }) {
      if (!logits || !truth) return;
      for (let start = 0; start < truth.data.length; start += names.length) {
        const row = truth.data.slice(start, start + names.length);
        if (row.some(Number.isNaN)) continue;
        labels.push(row);
        predictions.push(Array.from(logits.data.slice(start, start + names.length), (logit) => Number(logit > 0)));
      }
    },
    metrics() {
      const { perClass: _, ...scores } = multiLabelReport(labels, predictions, names);
      return { ...scores };
    },
    details: () => ({ perClass: multiLabelReport(labels, predictions, names).perClass }),
  };
}
