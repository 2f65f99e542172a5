/** Objectives of models that put one of several classes on texts or tokens. */
import {
  binaryCrossEntropyWithLogits,
  cast,
  crossEntropy,
  div,
  equal,
  hostTensor,
  mul,
  reshape,
  select,
  squaredError,
  sum,
  type Value,
} from '@attune/ir';
import type { Task } from '../model.js';
import type { Objective } from '../objective.js';
import { countClassLabels, fieldOf, valueOf } from './labels.js';

export interface ClassificationOptions {
  readonly classes: number;
  /** Share of the target that is spread evenly over the classes, 0 by default. */
  readonly labelSmoothing?: number;
  /** A weight per class; the loss is then divided by the weights of the targets, as in PyTorch. */
  readonly classWeights?: readonly number[];
}

/** Softmax cross entropy of one label per text: `logits` [batch, classes], `labels` i32 [batch]. */
export const sequenceClassification = (options: ClassificationOptions): Objective =>
  classObjective('sequence classification', 'sequence-classification', options);

/** Softmax cross entropy of one label per token: `logits` [batch, tokens, classes], `labels` i32 [batch, tokens]. */
export const tokenClassification = (options: ClassificationOptions): Objective =>
  classObjective('token classification', 'token-classification', options);

/** Softmax cross entropy at the masked tokens, whose labels are not ignored (Devlin et al. 2018). */
export const maskedLanguageModeling = (options: ClassificationOptions): Objective =>
  classObjective('masked language modeling', 'masked-language-modeling', options);

function classObjective(name: string, task: Task, { classes, labelSmoothing = 0, classWeights }: ClassificationOptions): Objective {
  return {
    name,
    task,
    countNames: ['targets'],
    labelNames: ['labels'],
    counts(batch) {
      const targets = countClassLabels(batch, 'labels', classes);
      if (!classWeights) return { targets };
      const weights = Array.from(fieldOf(batch, 'labels').data, (label) => classWeights[label] ?? 0);
      return { targets: weights.reduce((total, weight) => total + weight, 0) };
    },
    loss(outputs, batch, totals) {
      const logits = reshape(valueOf(outputs, 'logits'), [-1, classes]);
      const { loss } = crossEntropy(logits, reshape(valueOf(batch, 'labels'), [-1]), {
        labelSmoothing,
        ...(classWeights ? { classWeights: logits.builder.constant(hostTensor([classes], classWeights)) } : {}),
      });
      return div(sum(loss), valueOf(totals, 'targets'));
    },
  };
}

/**
 * Any number of classes per text: binary cross entropy, the mean over all entries. `labels` f32 [batch, classes]; rows
 * of NaN count for nothing.
 */
export function multiLabelClassification(): Objective {
  return meanObjective('multi-label classification', binaryCrossEntropyWithLogits);
}

/** Numbers per text: the mean squared error. `labels` f32 [batch, numbers] or [batch]; NaN counts for nothing. */
export function regression(): Objective {
  return meanObjective('regression', squaredError);
}

function meanObjective(name: string, elementLoss: (input: Value, target: Value) => Value): Objective {
  return {
    name,
    task: 'sequence-classification',
    countNames: ['targets'],
    labelNames: ['labels'],
    counts: (batch) => ({ targets: fieldOf(batch, 'labels').data.filter((label) => !Number.isNaN(label)).length }),
    loss(outputs, batch, totals) {
      const logits = valueOf(outputs, 'logits');
      const labels = reshape(valueOf(batch, 'labels'), logits.type.shape);
      const known = equal(labels, labels);
      const loss = elementLoss(logits, select(known, labels, 0));
      return div(sum(mul(loss, cast(known, 'f32'))), valueOf(totals, 'targets'));
    },
  };
}
