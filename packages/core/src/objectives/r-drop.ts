/** A classifier that gives one answer under two dropout masks. */
import { add, cast, div, logSoftmax, mul, notEqual, sum } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative } from '../fields.js';
import { IGNORED_LABEL, type Objective, withMetrics } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { type ClassificationOptions, sequenceClassificationObjective } from './classification.js';
import { rowDivergence } from './divergence.js';
import { countClassLabels, namedValue, SECOND_PASS } from './labels.js';

const schema = z.strictObject({
  /** Weight of the two answers' divergence; 1 by default. */
  alpha: z._default(nonnegative, 1),
});

export type RDropOptions = ClassificationOptions & z.input<typeof schema>;

/**
 * R-Drop (Liang et al. 2021, arXiv 2106.14448, halved as in the authors' code): of each text, half the sum of the cross
 * entropies of two passes plus alpha times half the sum of both KL divergences between them. The passes differ in their
 * dropout masks. `logits` [batch, classes]; `labels` i32 [batch]. Class weights, label smoothing and focal loss change the
 * cross entropies, as in `sequenceClassification`.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function rDrop({ alpha: given, ...options }: RDropOptions): Objective {
  const { alpha } = parseOptions(schema, { alpha: given }, 'R-Drop');
  const plain = sequenceClassificationObjective(options);
  return {
    ...plain,
    name: 'R-Drop',
    options: { ...plain.options, alpha },
    ...(plain.weighted ? { weighted: (weights) => rDrop({ ...options, alpha, classWeights: [...weights] }) } : {}),
    countNames: [...plain.countNames, 'texts'],
    counts: (batch) => ({ ...plain.counts(batch), texts: countClassLabels(batch, 'labels', options.classes) }),
    loss(context) {
      const outputs = [context.forward(), context.forward({ name: SECOND_PASS })] as const;
      const [one, other] = outputs.map((each) => withMetrics(plain.loss({ ...context, forward: () => each })).loss);
      const [p, q] = outputs.map((each) => logSoftmax(namedValue(each, 'logits'), 1));
      const isTarget = cast(notEqual(namedValue(context.batch, 'labels'), IGNORED_LABEL), 'f32');
      const divergences = mul(add(rowDivergence(p!, q!), rowDivergence(q!, p!)), isTarget);
      const divergence = div(sum(divergences), namedValue(context.totals, 'texts'));
      return mul(add(add(one!, other!), mul(divergence, alpha)), 0.5);
    },
  };
}
