import { add, div, less, maximum, select, sub, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative, share } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exact, scale } from './exact.js';
import { leastRateFields, leastRateOf, warmupFields } from './options.js';
import { afterWarmup, cosineFall, liftTo, progressOf } from './phases.js';
import type { Schedule } from './schedule.js';

/** Waves after the warm-up; the default is half a wave, down to 0. */
const numCycles = z._default(nonnegative, 0.5);
const schema = z.strictObject({ ...warmupFields, numCycles });
const leastSchema = z.strictObject({ ...warmupFields, ...leastRateFields, numCycles });
const warmupRateSchema = z.strictObject({
  ...warmupFields,
  ...leastRateFields,
  numCycles,
  /** Where the warm-up starts, as a share of the base rate; by default at 1 / warmupSteps. */
  warmupLrRate: z.optional(share),
});

export type CosineScheduleOptions = z.input<typeof schema>;
export type CosineWithMinLrOptions = z.input<typeof leastSchema>;
export type CosineWarmupWithMinLrOptions = z.input<typeof warmupRateSchema>;

/** (1 + cos(2 pi numCycles progress)) / 2 after the warm-up. @throws AttuneError `E_CONFIG` for wrong options */
export function cosineSchedule(options: CosineScheduleOptions): Schedule {
  const parsed = parseOptions(schema, options, 'cosine');
  return { name: 'cosine', options: parsed, learningRate: (step) => cosineRate(step, parsed, 0) };
}

/** As cosine, down to `minLr` or `minLrRate`. @throws AttuneError `E_CONFIG` for wrong options */
export function cosineWithMinLrSchedule(options: CosineWithMinLrOptions): Schedule {
  const parsed = parseOptions(leastSchema, options, 'cosine_with_min_lr');
  const least = leastRateOf(parsed, 'cosine_with_min_lr');
  return { name: 'cosine_with_min_lr', options: parsed, learningRate: (step) => cosineRate(step, parsed, least) };
}

function cosineRate(step: Value, options: z.output<typeof schema>, least: number): Value {
  const { learningRate, warmupSteps, trainingSteps } = options;
  const fall = cosineFall(progressOf(step, warmupSteps, trainingSteps), 2 * options.numCycles);
  return scale(afterWarmup(step, warmupSteps, maximum(liftTo(fall, least), 0)), learningRate);
}

/**
 * Cosine to a least rate with a warm-up that starts above 0; both count from the first step on.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function cosineWarmupWithMinLrSchedule(options: CosineWarmupWithMinLrOptions): Schedule {
  const parsed = parseOptions(warmupRateSchema, options, 'cosine_warmup_with_min_lr');
  const least = leastRateOf(parsed, 'cosine_warmup_with_min_lr');
  const { learningRate, warmupSteps, trainingSteps, warmupLrRate } = parsed;
  const warmup = (step: Value) =>
    warmupLrRate === undefined
      ? div(add(step, 1), Math.max(1, warmupSteps))
      : add(scale(div(step, Math.max(1, warmupSteps - 1)), 1 - warmupLrRate), exact(step, warmupLrRate));
  return {
    name: 'cosine_warmup_with_min_lr',
    options: parsed,
    learningRate(step) {
      const progress = div(sub(step, warmupSteps - 1), Math.max(1, trainingSteps - warmupSteps));
      const after = maximum(liftTo(cosineFall(progress, 2 * parsed.numCycles), least), 0);
      return scale(warmupSteps === 0 ? after : select(less(step, warmupSteps), warmup(step), after), learningRate);
    },
  };
}
