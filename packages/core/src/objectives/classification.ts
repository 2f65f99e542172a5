/** Objectives of models that put one of several classes on texts or tokens. */
import {
  cast,
  crossEntropy,
  div,
  exp,
  gather,
  hostTensor,
  mul,
  neg,
  notEqual,
  reshape,
  select,
  stopGradient,
  sum,
  type Value,
} from '@attune/ir';
import * as z from 'zod/mini';
import { fraction, nonnegative, size } from '../fields.js';
import { IGNORED_LABEL, type Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { focused } from './focal.js';
import { countClassLabels, fieldOf, namedValue } from './labels.js';

const schema = z.strictObject({
  classes: size,
  /** Share of the target that is spread evenly over the classes, 0 by default. */
  labelSmoothing: z._default(fraction, 0),
  /** A weight per class; the loss is then divided by the weights of the targets, as in PyTorch. */
  classWeights: z.optional(z.array(nonnegative)),
  /** `nll` by default; `dft`: each target's loss times its probability, which is no part of the gradient (arXiv 2508.05629). */
  lossType: z.optional(z.enum(['nll', 'dft'])),
  /** Focal loss (arXiv 1708.02002): each target's loss times (1 - p)^gamma and the factor `alpha` of its class. */
  focal: z.optional(z.strictObject({ gamma: nonnegative, alpha: z.optional(z.array(nonnegative)) })),
});

export type ClassificationOptions = z.input<typeof schema>;

/** Softmax cross entropy of one label per text: `logits` [batch, classes], `labels` i32 [batch]. */
export const sequenceClassificationObjective = (options: ClassificationOptions): Objective =>
  classObjective('sequence classification', options);

/** Softmax cross entropy of one label per token: `logits` [batch, tokens, classes], `labels` i32 [batch, tokens]. */
export const tokenClassificationObjective = (options: ClassificationOptions): Objective =>
  classObjective('token classification', options);

/** Softmax cross entropy at the masked tokens, whose labels are not ignored (Devlin et al. 2018). */
export const maskedLanguageModeling = (options: ClassificationOptions): Objective =>
  crossEntropyObjective('masked language modeling', options);

/** Cross entropy over classes of the data: they may be uneven, and weighted for it. */
function classObjective(name: string, options: ClassificationOptions): Objective {
  const { classes, classWeights } = options;
  return {
    ...crossEntropyObjective(name, options),
    classes,
    ...(classWeights
      ? {}
      : { weighted: (weights) => classObjective(name, { ...options, classWeights: [...weights] }) }),
  };
}

/** @throws AttuneError `E_CONFIG` for wrong options */
function crossEntropyObjective(name: string, options: ClassificationOptions): Objective {
  const parsed = parseOptions(schema, options, name, problemOf);
  const { classes, classWeights } = parsed;
  return {
    name,
    options: parsed,
    countNames: ['targets'],
    labelNames: ['labels'],
    counts(batch) {
      const targets = countClassLabels(batch, 'labels', classes);
      if (!classWeights) return { targets };
      const weights = Array.from(fieldOf(batch, 'labels').data, (label) => classWeights[label] ?? 0);
      return { targets: weights.reduce((total, each) => total + each, 0) };
    },
    loss({ forward, batch, totals }) {
      const outputs = forward();
      const logits = reshape(namedValue(outputs, 'logits'), [-1, classes]);
      const labels = reshape(namedValue(batch, 'labels'), [-1]);
      return div(sum(rowLosses(logits, labels, parsed)), namedValue(totals, 'targets'));
    },
  };
}

function rowLosses(
  logits: Value,
  labels: Value,
  { classes, labelSmoothing, classWeights, focal, lossType }: z.output<typeof schema>,
): Value {
  const perClass = (values: readonly number[]) => logits.builder.constant(hostTensor([classes], values));
  const weights = classWeights ? { classWeights: perClass(classWeights) } : {};
  const { loss } = crossEntropy(logits, labels, { labelSmoothing, ...weights });
  if (lossType === 'dft') return mul(loss, stopGradient(exp(neg(loss))));
  if (!focal) return loss;
  const probability = exp(neg(crossEntropy(logits, labels).loss));
  const scaled = focused(loss, probability, focal.gamma);
  if (!focal.alpha) return scaled;
  const isTarget = notEqual(labels, IGNORED_LABEL);
  return mul(scaled, mul(gather(perClass(focal.alpha), select(isTarget, labels, 0)), cast(isTarget, 'f32')));
}

function problemOf({ classes, classWeights, focal }: z.output<typeof schema>) {
  for (const [field, values] of [
    ['classWeights', classWeights],
    ['focal.alpha', focal?.alpha],
  ] as const) {
    if (values && values.length !== classes)
      return { field, problem: `has ${values.length} numbers for ${classes} classes` };
  }
  return undefined;
}
