/** Sentence embeddings that tell a text from all other texts of the batch, from texts alone. */
import { div } from '@attune/ir';
import * as z from 'zod/mini';
import { positive } from '../fields.js';
import type { Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { countRows } from './embedding-columns.js';
import { inBatchContrast } from './in-batch-contrast.js';
import { namedValue, SECOND_PASS } from './labels.js';

const schema = z.strictObject({
  /** Cosines are divided by it; 0.05 by default. */
  temperature: z._default(positive, 0.05),
  /** The model's output, `normalized` by default. */
  output: z._default(z.string(), 'normalized'),
});

/**
 * Unsupervised SimCSE (Gao, Yao and Chen 2021, arXiv 2104.08821): each text must find itself among the texts of the
 * (micro-)batch, seen in a second pass under other dropout masks. A model without dropout learns nothing from it. The
 * supervised one is `multipleNegativesRanking` of anchors, entailments and contradictions with the scale 20.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function simCse(options: z.input<typeof schema> = {}): Objective {
  const parsed = parseOptions(schema, options, 'SimCSE');
  const { temperature, output } = parsed;
  return {
    name: 'SimCSE',
    options: parsed,
    countNames: ['texts'],
    labelNames: [],
    counts: (batch) => ({ texts: countRows(batch, 1) }),
    loss({ forward, totals }) {
      const first = namedValue(forward(), output);
      const second = namedValue(forward({ name: SECOND_PASS }), output);
      return div(inBatchContrast(first, second, 1 / temperature), namedValue(totals, 'texts'));
    },
  };
}
