import * as z from 'zod/mini';
import { count, nonnegative, share } from '../fields.js';
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

interface Common {
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly trainingSteps: number;
}

type Maker = (common: Common, more: Readonly<Record<string, unknown>>) => Schedule | Promise<Schedule>;

/** By name. All but the default are loaded by the run that names them. `more` is validated by the schedule itself. */
const makers: Readonly<Record<LrSchedulerType, Maker>> = {
  constant: async ({ learningRate }, more) =>
    (await import('./constant.js')).constantSchedule({ learningRate, ...more }),
  constant_with_warmup: async ({ learningRate, warmupSteps }, more) =>
    (await import('./constant.js')).constantWithWarmupSchedule({ learningRate, warmupSteps, ...more }),
  linear: (common, more) => linearSchedule({ ...common, ...more }),
  cosine: async (common, more) => (await import('./cosine.js')).cosineSchedule({ ...common, ...more }),
  cosine_with_restarts: async (common, more) =>
    (await import('./cosine-with-restarts.js')).cosineWithRestartsSchedule({ ...common, ...more }),
  polynomial: async (common, more) => (await import('./polynomial.js')).polynomialSchedule({ ...common, ...more }),
  inverse_sqrt: async ({ learningRate, warmupSteps }, more) =>
    (await import('./inverse-sqrt.js')).inverseSqrtSchedule({ learningRate, warmupSteps, ...more }),
  reduce_lr_on_plateau: async ({ learningRate }, more) =>
    (await import('./reduce-on-plateau.js')).reduceOnPlateauSchedule({ learningRate, ...more }),
  cosine_with_min_lr: async (common, more) =>
    (await import('./cosine.js')).cosineWithMinLrSchedule({ ...common, ...more }),
  cosine_warmup_with_min_lr: async (common, more) =>
    (await import('./cosine.js')).cosineWarmupWithMinLrSchedule({ ...common, ...more }),
  warmup_stable_decay: async (common, more) =>
    (await import('./warmup-stable-decay.js')).warmupStableDecaySchedule({
      numDecaySteps: Number.NaN,
      ...common,
      ...more,
    }),
  one_cycle: async ({ learningRate, trainingSteps }, more) =>
    (await import('./one-cycle.js')).oneCycleSchedule({ maxLr: learningRate, totalSteps: trainingSteps, ...more }),
  slanted_triangular: async ({ learningRate, trainingSteps }, more) =>
    (await import('./slanted-triangular.js')).slantedTriangularSchedule({ learningRate, trainingSteps, ...more }),
};

const schema = z.strictObject({
  lrSchedulerType: z._default(z.enum(lrSchedulerTypes), 'linear'),
  learningRate: nonnegative,
  /** Steps of warm-up; wins over `warmupRatio` where it is above 0. */
  warmupSteps: z._default(count, 0),
  /** The share of the training steps that warm up, rounded up. */
  warmupRatio: z._default(share, 0),
  trainingSteps: stepsField,
  /** Options of the schedule's own, in camelCase (`{ numCycles: 3 }`). */
  lrSchedulerKwargs: z._default(z.record(z.string(), z.unknown()), {}),
});

export type ScheduleOptions = z.input<typeof schema>;

/** The schedule that the Trainer's options name. @throws AttuneError `E_CONFIG` for wrong options */
export async function scheduleFromOptions(options: ScheduleOptions): Promise<Schedule> {
  const { lrSchedulerType, learningRate, warmupSteps, warmupRatio, trainingSteps, lrSchedulerKwargs } = parseOptions(
    schema,
    options,
    'the learning-rate schedule',
  );
  const warmup = warmupSteps > 0 ? warmupSteps : Math.ceil(trainingSteps * warmupRatio);
  return makers[lrSchedulerType]({ learningRate, warmupSteps: warmup, trainingSteps }, lrSchedulerKwargs);
}
