/** The schedules that only runs that name them load. */
import { constantSchedule, constantWithWarmupSchedule } from './constant.js';
import { cosineSchedule, cosineWarmupWithMinLrSchedule, cosineWithMinLrSchedule } from './cosine.js';
import { cosineWithRestartsSchedule } from './cosine-with-restarts.js';
import type { LrSchedulerType } from './from-options.js';
import { inverseSqrtSchedule } from './inverse-sqrt.js';
import { oneCycleSchedule } from './one-cycle.js';
import { polynomialSchedule } from './polynomial.js';
import { reduceOnPlateauSchedule } from './reduce-on-plateau.js';
import type { Schedule } from './schedule.js';
import { slantedTriangularSchedule } from './slanted-triangular.js';
import { warmupStableDecaySchedule } from './warmup-stable-decay.js';

interface Common {
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly trainingSteps: number;
}

/** `more` is validated by the schedule itself. */
type Maker = (common: Common, more: Readonly<Record<string, unknown>>) => Schedule;

export const otherSchedules: Readonly<Record<Exclude<LrSchedulerType, 'linear'>, Maker>> = {
  constant: ({ learningRate }, more) => constantSchedule({ learningRate, ...more }),
  constant_with_warmup: ({ learningRate, warmupSteps }, more) =>
    constantWithWarmupSchedule({ learningRate, warmupSteps, ...more }),
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
