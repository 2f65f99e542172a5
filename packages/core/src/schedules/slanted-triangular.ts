import { add, div, less, maximum, select, sub } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exact, scale } from './exact.js';
import { stepsField } from './options.js';
import type { Schedule } from './schedule.js';

const schema = z.strictObject({
  /** The rate at the peak. */
  learningRate: nonnegative,
  trainingSteps: stepsField,
  /** The share of the steps before the peak; the peak is at step 1 at the earliest. */
  cutFrac: z._default(z.number().check(z.gt(0), z.lt(1)), 0.1),
  /** How much smaller the least rate is than the peak. */
  ratio: z._default(z.number().check(z.minimum(1)), 32),
  /** Keeps the rate from falling below 0, as the published formula does at the end where T cutFrac is not whole. */
  clamp: z._default(z.boolean(), true),
});

export type SlantedTriangularOptions = z.input<typeof schema>;

/**
 * ULMFiT's slanted triangular rate (arXiv 1801.06146, equation 3): cut = floor(T cutFrac), p = t / cut before the cut,
 * 1 - (t - cut) / (cut (1 / cutFrac - 1)) after it, rate (1 + p (ratio - 1)) / ratio.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function slantedTriangularSchedule(options: SlantedTriangularOptions): Schedule {
  const parsed = parseOptions(schema, options, 'slanted_triangular');
  const { learningRate, trainingSteps, cutFrac, ratio, clamp } = parsed;
  const cut = Math.max(1, Math.floor(trainingSteps * cutFrac));
  return {
    name: 'slanted_triangular',
    options: parsed,
    learningRate(step) {
      const falling = sub(1, div(sub(step, cut), exact(step, cut * (1 / cutFrac - 1))));
      const position = select(less(step, cut), div(step, cut), falling);
      const share = add(scale(position, (ratio - 1) / ratio), exact(step, 1 / ratio));
      return scale(clamp ? maximum(share, 0) : share, learningRate);
    },
  };
}
