/** Embeddings of pairs of texts whose cosine is to follow a number. */
import { concat, div, greater, logSumExp, mul, reshape, select, squaredError, sub, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { positive } from '../fields.js';
import type { Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { cosineRows } from './cosines.js';
import { columnsOf } from './embedding-columns.js';
import { namedValue } from './labels.js';
import { countNumbers, lossOfNumbers } from './number-labels.js';

/** The model's output, `normalized` by default: f32 [2 * rows, width], the first texts of the pairs, then the second. */
const output = z._default(z.string(), 'normalized');

const schema = z.strictObject({ output });

/**
 * The mean squared error between the cosine of a pair and its label (Reimers and Gurevych 2019, arXiv 1908.10084).
 * `labels` f32 [rows]; NaN counts for nothing.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function cosineSimilarity(options: z.input<typeof schema> = {}): Objective {
  const parsed = parseOptions(schema, options, 'cosine similarity');
  return {
    name: 'cosine similarity',
    options: parsed,
    countNames: ['targets'],
    labelNames: ['labels'],
    counts: (batch) => ({ targets: countNumbers(batch, 'labels') }),
    loss({ forward, batch, totals }) {
      const outputs = forward();
      const [first, second] = columnsOf(outputs, parsed.output, 2);
      const cosines = cosineRows(first!, second!);
      const total = namedValue(totals, 'targets');
      return lossOfNumbers(namedValue(batch, 'labels'), total, (labels) => squaredError(cosines, labels));
    },
  };
}

const coSentSchema = z.strictObject({
  /** Cosines are times this; 20 by default. */
  scale: z._default(positive, 20),
  output,
});

/** exp of this is 0. */
const LEFT_OUT = -1e12;

/**
 * CoSENT (Su 2022): log(1 + sum over i, j with label i > label j of exp(scale (cosine j - cosine i))), the mean over the
 * (micro-)batches. `labels` f32 [rows] gives the order of the pairs; NaN counts for nothing.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function coSent(options: z.input<typeof coSentSchema> = {}): Objective {
  const parsed = parseOptions(coSentSchema, options, 'CoSENT');
  return {
    name: 'CoSENT',
    options: parsed,
    countNames: ['batches'],
    labelNames: ['labels'],
    counts: () => ({ batches: 1 }),
    loss({ forward, batch, totals }) {
      const outputs = forward();
      const [first, second] = columnsOf(outputs, parsed.output, 2);
      const cosines = mul(cosineRows(first!, second!), parsed.scale);
      const labels = namedValue(batch, 'labels');
      const isAbove = greater(asColumn(labels), asRow(labels));
      const excess = select(isAbove, sub(asRow(cosines), asColumn(cosines)), LEFT_OUT);
      const zero = reshape(cosines.builder.scalar(0), [1]);
      return div(logSumExp(concat([zero, reshape(excess, [-1])], 0)), namedValue(totals, 'batches'));
    },
  };
}

const asColumn = (x: Value): Value => reshape(x, [-1, 1]);
const asRow = (x: Value): Value => reshape(x, [1, -1]);
