import * as z from 'zod/mini';
import { nonnegative } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exact, scale } from './exact.js';
import { warmupStepsField } from './options.js';
import { afterWarmup } from './phases.js';
import type { Schedule } from './schedule.js';

const schema = z.strictObject({ learningRate: nonnegative });
const warmupSchema = z.strictObject({ learningRate: nonnegative, warmupSteps: warmupStepsField });

export type ConstantScheduleOptions = z.input<typeof schema>;
export type ConstantWithWarmupOptions = z.input<typeof warmupSchema>;

/** The base rate in every step. @throws AttuneError `E_CONFIG` for wrong options */
export function constantSchedule(options: ConstantScheduleOptions): Schedule {
  const parsed = parseOptions(schema, options, 'constant');
  return { name: 'constant', options: parsed, learningRate: (step) => exact(step, parsed.learningRate) };
}

/** Linear from 0, then constant. @throws AttuneError `E_CONFIG` for wrong options */
export function constantWithWarmupSchedule(options: ConstantWithWarmupOptions): Schedule {
  const parsed = parseOptions(warmupSchema, options, 'constant_with_warmup');
  return {
    name: 'constant_with_warmup',
    options: parsed,
    learningRate: (step) => scale(afterWarmup(step, parsed.warmupSteps, step.builder.scalar(1)), parsed.learningRate),
  };
}
