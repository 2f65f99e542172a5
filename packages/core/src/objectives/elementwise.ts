/** Objectives of models that put a number, or a yes or no for each class, on texts. */
import {
  AttuneError,
  add,
  binaryCrossEntropyWithLogits,
  logistic,
  mul,
  reshape,
  squaredError,
  sub,
  type Value,
} from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative, share } from '../fields.js';
import type { Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { focused } from './focal.js';
import { fieldOf, namedValue } from './labels.js';
import { countNumbers, lossOfNumbers } from './number-labels.js';

const schema = z.strictObject({
  /** Focal loss (arXiv 1708.02002): each entry's loss times (1 - p)^gamma, and alpha for yes, 1 - alpha for no. */
  focal: z.optional(z.strictObject({ gamma: nonnegative, alpha: z.optional(share) })),
});

export type MultiLabelOptions = z.input<typeof schema>;

/**
 * Any number of classes per text: binary cross entropy, the mean over all entries. `labels` f32 [batch, classes] of 0
 * and 1 (or shares between); NaN counts for nothing.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function multiLabelClassification(options: MultiLabelOptions = {}): Objective {
  const parsed = parseOptions(schema, options, 'multi-label classification');
  const { focal } = parsed;
  const objective = meanObjective('multi-label classification', (logits, labels) => {
    const loss = binaryCrossEntropyWithLogits(logits, labels);
    if (!focal) return loss;
    const probability = logistic(logits);
    const other = sub(1, labels);
    const own = add(mul(probability, labels), mul(sub(1, probability), other));
    const scaled = focused(loss, own, focal.gamma);
    if (focal.alpha === undefined) return scaled;
    return mul(scaled, add(mul(labels, focal.alpha), mul(other, 1 - focal.alpha)));
  });
  return {
    ...objective,
    options: parsed,
    counts(batch) {
      const wrong = fieldOf(batch, 'labels').data.find((label) => label < 0 || label > 1);
      if (wrong === undefined) return objective.counts(batch);
      throw new AttuneError('E_DATA', `"labels" holds ${wrong}; with several labels per text each is 0 or 1.`, {
        field: 'labels',
      });
    },
  };
}

/** Numbers per text: the mean squared error. `labels` f32 [batch, numbers] or [batch]; NaN counts for nothing. */
export function regression(): Objective {
  return meanObjective('regression', squaredError);
}

function meanObjective(name: string, elementLoss: (input: Value, target: Value) => Value): Objective {
  return {
    name,
    options: {},
    countNames: ['targets'],
    labelNames: ['labels'],
    counts: (batch) => ({ targets: countNumbers(batch, 'labels') }),
    loss({ forward, batch, totals }) {
      const outputs = forward();
      const logits = namedValue(outputs, 'logits');
      const labels = reshape(namedValue(batch, 'labels'), logits.type.shape);
      return lossOfNumbers(labels, namedValue(totals, 'targets'), (known) => elementLoss(logits, known));
    },
  };
}
