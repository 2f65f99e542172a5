import { AttuneError, add, maximum, pow, sub } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exact, scale } from './exact.js';
import { warmupFields } from './options.js';
import { afterWarmup, progressOf } from './phases.js';
import type { Schedule } from './schedule.js';

const schema = z.strictObject({
  ...warmupFields,
  /** The rate at the end; below the base rate. */
  lrEnd: z._default(nonnegative, 1e-7),
  power: z._default(positive, 1),
});

export type PolynomialScheduleOptions = z.input<typeof schema>;

/**
 * (rate - lrEnd) (1 - progress)^power + lrEnd after the warm-up.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function polynomialSchedule(options: PolynomialScheduleOptions): Schedule {
  const parsed = parseOptions(schema, options, 'polynomial');
  const { learningRate, warmupSteps, trainingSteps, lrEnd, power } = parsed;
  if (lrEnd >= learningRate) {
    throw new AttuneError('E_CONFIG', `lrEnd of polynomial is ${lrEnd}; it must be below the rate ${learningRate}.`, {
      field: 'lrEnd',
    });
  }
  const endShare = lrEnd / learningRate;
  return {
    name: 'polynomial',
    options: parsed,
    learningRate(step) {
      const remaining = maximum(sub(1, progressOf(step, warmupSteps, trainingSteps)), 0);
      const shape = power === 1 ? remaining : pow(remaining, exact(step, power));
      const after = add(scale(shape, 1 - endShare), exact(step, endShare));
      return scale(afterWarmup(step, warmupSteps, after), learningRate);
    },
  };
}
