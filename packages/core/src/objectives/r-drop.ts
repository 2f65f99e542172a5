/** A classifier that gives one answer under two dropout masks. */
import { add, cast, crossEntropyRows, div, logSoftmax, mul, notEqual, sum } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative, size } from '../fields.js';
import { IGNORED_LABEL, type Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { rowDivergence } from './divergence.js';
import { countClassLabels, namedValue, SECOND_PASS } from './labels.js';

const schema = z.strictObject({
  classes: size,
  /** Weight of the two answers' divergence; 1 by default. */
  alpha: z._default(nonnegative, 1),
});

/**
 * R-Drop (Liang et al. 2021, arXiv 2106.14448, halved as in the authors' code): of each text, half the sum of the cross
 * entropies of two passes plus alpha times half the sum of both KL divergences between them. The passes differ in their
 * dropout masks. `logits` [batch, classes]; `labels` i32 [batch].
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function rDrop(options: z.input<typeof schema>): Objective {
  const parsed = parseOptions(schema, options, 'R-Drop');
  return {
    name: 'R-Drop',
    options: parsed,
    countNames: ['targets'],
    labelNames: ['labels'],
    counts: (batch) => ({ targets: countClassLabels(batch, 'labels', parsed.classes) }),
    loss({ forward, batch, totals }) {
      const first = namedValue(forward(), 'logits');
      const second = namedValue(forward({ name: SECOND_PASS }), 'logits');
      const labels = namedValue(batch, 'labels');
      const entropies = add(crossEntropyRows(first, labels), crossEntropyRows(second, labels));
      const [p, q] = [logSoftmax(first, 1), logSoftmax(second, 1)];
      const divergences = mul(
        add(rowDivergence(p, q), rowDivergence(q, p)),
        cast(notEqual(labels, IGNORED_LABEL), 'f32'),
      );
      const both = mul(add(entropies, mul(divergences, parsed.alpha)), 0.5);
      return div(sum(both), namedValue(totals, 'targets'));
    },
  };
}
