import { div, maximum, sub } from '@attune/ir';
import * as z from 'zod/mini';
import { parseOptions } from '../parse-options.js';
import { scale } from './exact.js';
import { warmupFields } from './options.js';
import { afterWarmup } from './phases.js';
import type { Schedule } from './schedule.js';

const schema = z.strictObject(warmupFields);

export type LinearScheduleOptions = z.input<typeof schema>;

/** Linear from 0 over the warm-up, then linear to 0 at the end. @throws AttuneError `E_CONFIG` for wrong options */
export function linearSchedule(options: LinearScheduleOptions): Schedule {
  const parsed = parseOptions(schema, options, 'linear');
  const { learningRate, warmupSteps, trainingSteps } = parsed;
  return {
    name: 'linear',
    options: parsed,
    learningRate(step) {
      const remaining = maximum(div(sub(trainingSteps, step), Math.max(1, trainingSteps - warmupSteps)), 0);
      return scale(afterWarmup(step, warmupSteps, remaining), learningRate);
    },
  };
}
