/** Embeddings that tell the partner of a text from all other texts of the batch. */
import { add, concat, crossEntropyRows, div, iota, mul, sum, swapAxes, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { positive } from '../fields.js';
import type { Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { cosineMatrix } from './cosines.js';
import { columnsOf, countRows } from './embedding-columns.js';
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
    task: 'feature-extraction',
    countNames: ['anchors'],
    labelNames: [],
    counts: (batch) => ({ anchors: countRows(batch, columns) }),
    loss(outputs, _, totals) {
      const [anchor, positive, ...negatives] = columnsOf(outputs, output, columns);
      const scores = mul(cosineMatrix(anchor!, concat([positive!, ...negatives], 0)), scale);
      const forward = partnerLoss(scores);
      if (!symmetric) return div(forward, namedValue(totals, 'anchors'));
      const backward = partnerLoss(mul(swapAxes(cosineMatrix(anchor!, positive!), 0, 1), scale));
      return div(mul(add(forward, backward), 0.5), namedValue(totals, 'anchors'));
    },
  };
}

/** The sum over rows of the cross entropy with the diagonal. */
const partnerLoss = (scores: Value): Value =>
  sum(crossEntropyRows(scores, iota(scores.builder, [scores.type.shape[0]!], 0)));

/**
 * SimCSE (Gao, Yao and Chen 2021, arXiv 2104.08821): the same with 1 / temperature (0.05 by default) as scale. Columns
 * are two passes of the same texts under dropout, or entailments and, as the third, contradictions.
 */
export const simCse = ({
  temperature = 0.05,
  ...options
}: Omit<MultipleNegativesRankingOptions, 'scale'> & { readonly temperature?: number } = {}): Objective =>
  multipleNegativesRanking({ ...options, scale: 1 / temperature });
