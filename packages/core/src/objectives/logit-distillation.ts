/** A student that learns a teacher's answers. */
import { add, cast, crossEntropy, div, mul, notEqual, reshape, sum } from '@attune/ir';
import * as z from 'zod/mini';
import { positive, share, size } from '../fields.js';
import { IGNORED_LABEL, type Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { teacherDivergence } from './divergence.js';
import { countClassLabels, namedValue } from './labels.js';

const schema = z.strictObject({
  classes: size,
  /** Both logits are divided by it; 2 by default. */
  temperature: z._default(positive, 2),
  /** Share of the teacher in the loss, 0.5 by default; the rest is the cross entropy of the labels. */
  softWeight: z._default(share, 0.5),
  /** Which divergence from the teacher: 0, the default, is KL(teacher || student), 1 the other way round. */
  beta: z._default(share, 0),
  /** Whether the teacher's part is times temperature^2, so that its gradients keep their size; true by default. */
  scaledByTemperature: z._default(z.boolean(), true),
});

export type LogitDistillationOptions = z.input<typeof schema>;

/**
 * Knowledge distillation (Hinton, Vinyals and Dean 2015, arXiv 1503.02531): of each row or token,
 * softWeight T^2 D(teacher / T, student / T) + (1 - softWeight) cross entropy, the mean over those with a label.
 * `logits` and the batch field `teacherLogits` f32 [batch, classes] or [batch, tokens, classes]; `labels` i32 [batch] or
 * [batch, tokens], which is -100 where nothing is to be learned, from the teacher neither. With `softWeight` 1 any other
 * label does. On-policy distillation of language models (arXiv 2306.13649) has `softWeight` 1, a `beta` and
 * `scaledByTemperature` off.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function logitDistillation(options: LogitDistillationOptions): Objective {
  const parsed = parseOptions(schema, options, 'logit distillation');
  const { classes, temperature, softWeight, beta, scaledByTemperature } = parsed;
  const softScale = softWeight * (scaledByTemperature ? temperature ** 2 : 1);
  return {
    name: 'logit distillation',
    options: parsed,
    countNames: ['targets'],
    labelNames: ['labels', 'teacherLogits'],
    counts: (batch) => ({ targets: countClassLabels(batch, 'labels', classes) }),
    loss({ forward, batch, totals }) {
      const outputs = forward();
      const [student, teacher] = [namedValue(outputs, 'logits'), namedValue(batch, 'teacherLogits')].map((logits) =>
        reshape(logits, [-1, classes]),
      );
      const labels = reshape(namedValue(batch, 'labels'), [-1]);
      const divergence = teacherDivergence(div(student!, temperature), div(teacher!, temperature), beta);
      const soft = mul(mul(divergence, cast(notEqual(labels, IGNORED_LABEL), 'f32')), softScale);
      const both = softWeight === 1 ? soft : add(soft, mul(crossEntropy(student!, labels).loss, 1 - softWeight));
      return div(sum(both), namedValue(totals, 'targets'));
    },
  };
}
