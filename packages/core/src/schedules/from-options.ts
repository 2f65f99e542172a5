import { z } from 'zod';
import { parseOptions } from '../parse-options.js';
import { constantSchedule, constantWithWarmupSchedule } from './constant.js';
import { cosineSchedule, cosineWarmupWithMinLrSchedule, cosineWithMinLrSchedule } from './cosine.js';
import { cosineWithRestartsSchedule } from './cosine-with-restarts.js';
import { inverseSqrtSchedule } from './inverse-sqrt.js';
import { linearSchedule } from './linear.js';
import { oneCycleSchedule } from './one-cycle.js';
import { learningRateField, stepsField } from './options.js';
import { polynomialSchedule } from './polynomial.js';
import { reduceOnPlateauSchedule } from './reduce-on-plateau.js';
import type { Schedule } from './schedule.js';
import { slantedTriangularSchedule } from './slanted-triangular.js';
import { warmupStableDecaySchedule } from './warmup-stable-decay.js';

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

type Maker = (common: Common, more: Readonly<Record<string, unknown>>) => Schedule;

/** `more` is validated by the schedule itself. */
const makers: Readonly<Record<LrSchedulerType, Maker>> = {
  constant: ({ learningRate }, more) => constantSchedule({ learningRate, ...more }),
  constant_with_warmup: ({ learningRate, warmupSteps }, more) =>
    constantWithWarmupSchedule({ learningRate, warmupSteps, ...more }),
  linear: (common, more) => linearSchedule({ ...common, ...more }),
  cosine: (common, more) => cosineSchedule({ ...common, ...more }),
  cosine_with_restarts: (common, more) => cosineWithRestartsSchedule({ ...common, ...more }),
  polynomial: (common, more) => polynomialSchedule({ ...common, ...more }),
  inverse_sqrt: ({ learningRate, warmupSteps }, more) => inverseSqrtSchedule({ learningRate, warmupSteps, ...more }),
  reduce_lr_on_plateau: ({ learningRate }, more) => reduceOnPlateauSchedule({ learningRate, ...more }),
  cosine_with_min_lr: (common, more) => cosineWithMinLrSchedule({ ...common, ...more }),
  cosine_warmup_with_min_lr: (common, more) => cosineWarmupWithMinLrSchedule({ ...common, ...more }),
  warmup_stable_decay: (common, more) => warmupStableDecaySchedule({ numDecaySteps: Number.NaN, ...common, ...more }),
  one_cycle: ({ learningRate, trainingSteps }, more) =>
    oneCycleSchedule({ maxLr: learningRate, totalSteps: trainingSteps, ...more }),
  slanted_triangular: ({ learningRate, trainingSteps }, more) =>
    slantedTriangularSchedule({ learningRate, trainingSteps, ...more }),
};

const schema = z.strictObject({
  lrSchedulerType: z.enum(lrSchedulerTypes).default('linear'),
  learningRate: learningRateField,
  /** Steps of warm-up; wins over `warmupRatio` where it is above 0. */
  warmupSteps: z.int().min(0).default(0),
  /** The share of the training steps that warm up, rounded up. */
  warmupRatio: z.number().min(0).max(1).default(0),
  trainingSteps: stepsField,
  /** Options of the schedule's own, in camelCase (`{ numCycles: 3 }`). */
  lrSchedulerKwargs: z.record(z.string(), z.unknown()).default({}),
});

export type ScheduleOptions = z.input<typeof schema>;

/** The schedule that the Trainer's options name. @throws AttuneError `E_CONFIG` for wrong options */
export function scheduleFromOptions(options: ScheduleOptions): Schedule {
  const { lrSchedulerType, learningRate, warmupSteps, warmupRatio, trainingSteps, lrSchedulerKwargs } = parseOptions(
    schema,
    options,
    'the learning-rate schedule',
  );
  const warmup = warmupSteps > 0 ? warmupSteps : Math.ceil(trainingSteps * warmupRatio);
  return makers[lrSchedulerType]({ learningRate, warmupSteps: warmup, trainingSteps }, lrSchedulerKwargs);
}
