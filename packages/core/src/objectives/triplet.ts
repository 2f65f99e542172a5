/** Embeddings whose anchors are nearer to positives than to negatives. */
import { abs, add, div, mul, relu, sqrt, sub, sum, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative } from '../fields.js';
import type { Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { cosineRows } from './cosines.js';
import { columnsOf, countRows } from './embedding-columns.js';
import { namedValue } from './labels.js';

const schema = z.strictObject({
  /** `euclidean` by default. */
  distance: z._default(z.enum(['euclidean', 'cosine', 'manhattan']), 'euclidean'),
  /** 5 by default, as for embeddings that are not of unit length. */
  margin: z._default(nonnegative, 5),
  /** The model's output, `meanPooled` by default. */
  output: z._default(z.string(), 'meanPooled'),
});

export type TripletOptions = z.input<typeof schema>;

/**
 * The mean of max(d(anchor, positive) - d(anchor, negative) + margin, 0) (Schroff et al. 2015, arXiv 1503.03832). The
 * output is f32 [3 * rows, width]: anchors, positives, negatives.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function triplet(options: TripletOptions = {}): Objective {
  const parsed = parseOptions(schema, options, 'triplet');
  const distance = distances[parsed.distance];
  return {
    name: 'triplet',
    options: parsed,
    countNames: ['anchors'],
    labelNames: [],
    counts: (batch) => ({ anchors: countRows(batch, 3) }),
    loss({ forward, totals }) {
      const outputs = forward();
      const [anchor, positive, negative] = columnsOf(outputs, parsed.output, 3);
      const excess = add(sub(distance(anchor!, positive!), distance(anchor!, negative!)), parsed.margin);
      return div(sum(relu(excess)), namedValue(totals, 'anchors'));
    },
  };
}

/** torch.nn.functional.pairwise_distance adds 1e-6 to every difference. */
const difference = (a: Value, b: Value): Value => add(sub(a, b), 1e-6);

const distances: Readonly<Record<z.output<typeof schema>['distance'], (a: Value, b: Value) => Value>> = {
  euclidean: (a, b) => sqrt(sum(mul(difference(a, b), difference(a, b)), { axes: [1] })),
  cosine: (a, b) => sub(1, cosineRows(a, b)),
  manhattan: (a, b) => sum(abs(difference(a, b)), { axes: [1] }),
};
