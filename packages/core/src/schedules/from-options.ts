import * as z from 'zod/mini';
import { count, namedOptions, nonnegative, share } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { linearSchedule } from './linear.js';
import { stepsField } from './options.js';
import type { Schedule } from './schedule.js';

/** Names for `lrSchedulerType`: Hugging Face's, and two of our own. */
export const lrSchedulerTypes = [
  'constant',
  'constant_with_warmup',
  'linear',
  'cosine',
  'cosine_with_restarts',
  'polynomial',
  'inverse_sqrt',
  'reduce_lr_on_plateau',
  'cosine_with_min_lr',
  'cosine_warmup_with_min_lr',
  'warmup_stable_decay',
  'one_cycle',
  'slanted_triangular',
] as const;

export type LrSchedulerType = (typeof lrSchedulerTypes)[number];

const schema = z.strictObject({
  lrSchedulerType: z._default(z.enum(lrSchedulerTypes), 'linear'),
  learningRate: nonnegative,
  /** Steps of warm-up; wins over `warmupRatio` where it is above 0. */
  warmupSteps: z._default(count, 0),
  /** The share of the training steps that warm up, rounded up. */
  warmupRatio: z._default(share, 0),
  trainingSteps: stepsField,
  /** Options of the schedule's own, in camelCase (`{ numCycles: 3 }`). */
  lrSchedulerKwargs: z._default(namedOptions, {}),
});

export type ScheduleOptions = z.input<typeof schema>;

/** The schedule that the Trainer's options name; all but the default are loaded now. @throws AttuneError `E_CONFIG` for wrong options */
export async function scheduleFromOptions(options: ScheduleOptions): Promise<Schedule> {
  const { lrSchedulerType, learningRate, warmupSteps, warmupRatio, trainingSteps, lrSchedulerKwargs } = parseOptions(
    schema,
    options,
    'the learning-rate schedule',
  );
  const warmup = warmupSteps > 0 ? warmupSteps : Math.ceil(trainingSteps * warmupRatio);
  const common = { learningRate, warmupSteps: warmup, trainingSteps };
  if (lrSchedulerType === 'linear') return linearSchedule({ ...common, ...lrSchedulerKwargs });
  const { otherSchedules } = await import('./others.js');
  return otherSchedules[lrSchedulerType](common, lrSchedulerKwargs);
}
