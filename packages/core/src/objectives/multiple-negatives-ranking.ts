/** Embeddings that tell the partner of a text from all other texts of the batch. */
import { add, concat, div, mul } from '@attune/ir';
import * as z from 'zod/mini';
import { positive } from '../fields.js';
import type { Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { columnsOf, countRows } from './embedding-columns.js';
import { inBatchContrast } from './in-batch-contrast.js';
import { namedValue } from './labels.js';

const schema = z.strictObject({
  /** Cosines are times this; 20 by default. */
  scale: z._default(positive, 20),
  /** 2 for anchors and positives, the default; each more is a column of hard negatives. */
  columns: z._default(z.int().check(z.minimum(2)), 2),
  /** Whether positives have to find their anchors too; false by default. */
  symmetric: z._default(z.boolean(), false),
  /** The model's output, `normalized` by default. */
  output: z._default(z.string(), 'normalized'),
});

export type MultipleNegativesRankingOptions = z.input<typeof schema>;

/**
 * In-batch contrast (Henderson et al. 2017, arXiv 1705.00652; InfoNCE): the cross entropy of scale * cosine(anchor i,
 * document j) with target i, where documents are all positives, then all hard negatives of the (micro-)batch. The output
 * is f32 [columns * rows, width]: anchors, positives, negatives.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function multipleNegativesRanking(options: MultipleNegativesRankingOptions = {}): Objective {
  const parsed = parseOptions(schema, options, 'multiple negatives ranking');
  const { scale, columns, symmetric, output } = parsed;
  return {
    name: 'multiple negatives ranking',
    options: parsed,
    countNames: ['anchors'],
    labelNames: [],
    counts: (batch) => ({ anchors: countRows(batch, columns) }),
    loss({ forward, totals }) {
      const [anchor, positive, ...negatives] = columnsOf(forward(), output, columns);
      const found = inBatchContrast(anchor!, concat([positive!, ...negatives], 0), scale);
      const anchors = namedValue(totals, 'anchors');
      return symmetric
        ? div(mul(add(found, inBatchContrast(positive!, anchor!, scale)), 0.5), anchors)
        : div(found, anchors);
    },
  };
}
