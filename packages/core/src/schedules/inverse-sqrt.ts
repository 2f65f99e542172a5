import { add, div, maximum, sqrt } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { scale } from './exact.js';
import { warmupStepsField } from './options.js';
import { afterWarmup } from './phases.js';
import type { Schedule } from './schedule.js';

const schema = z.strictObject({
  learningRate: nonnegative,
  warmupSteps: warmupStepsField,
  /** Where the fall sets in: the warm-up by default, or 10000 without one. */
  timescale: z.optional(z.int().check(z.minimum(1))),
});

export type InverseSqrtScheduleOptions = z.input<typeof schema>;

/**
 * sqrt(timescale / (step + timescale - warmupSteps)) after the warm-up.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function inverseSqrtSchedule(options: InverseSqrtScheduleOptions): Schedule {
  const parsed = parseOptions(schema, options, 'inverse_sqrt');
  const { learningRate, warmupSteps } = parsed;
  const timescale = parsed.timescale ?? (warmupSteps || 10_000);
  return {
    name: 'inverse_sqrt',
    options: parsed,
    learningRate(step) {
      const shifted = maximum(add(step, timescale - warmupSteps), 1);
      return scale(afterWarmup(step, warmupSteps, div(1, sqrt(div(shifted, timescale)))), learningRate);
    },
  };
}
