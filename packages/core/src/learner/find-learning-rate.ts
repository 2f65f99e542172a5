/** The learning-rate range test (Smith 2015, arXiv 1506.01186), as fastai's `lr_find` does it. */
import { AttuneError, exp, mul } from '@attune/ir';
import type { TokenizedDataset } from '../dataset.js';
import { exact, scale } from '../schedules/exact.js';
import type { Schedule } from '../schedules/schedule.js';
import { Learner } from './learner.js';
import type { LearnerOptions } from './learner-options.js';

type OwnRate =
  | 'schedule'
  | 'steps'
  | 'learningRate'
  | 'lrSchedulerType'
  | 'lrSchedulerKwargs'
  | 'warmupSteps'
  | 'warmupRatio';

export interface FindLearningRateOptions extends Omit<LearnerOptions, OwnRate | 'numTrainEpochs'> {
  readonly train: TokenizedDataset;
  /** Examples per step; 32 by default. */
  readonly batchSize?: number;
  /** The first rate; 1e-7 by default. */
  readonly start?: number;
  /** The last rate; 10 by default. */
  readonly end?: number;
  /** Steps from one to the other, each at a rate that is larger by the same factor; 100 by default. */
  readonly steps?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onPoint?: (point: LearningRatePoint) => void;
}

export interface LearningRatePoint {
  readonly learningRate: number;
  readonly loss: number;
  /** An average of the losses so far, the later ones counting more. */
  readonly smoothedLoss: number;
}

export interface FoundLearningRate {
  /** fastai's suggestion: two thirds into the longest fall of the smoothed loss. */
  readonly valley: number;
  /** Where the smoothed loss falls most steeply. */
  readonly steep: number;
  /** Of all steps: the test ends before the last rate if the loss has become four times the best. */
  readonly points: readonly LearningRatePoint[];
}

/** How much of the average stays in each step (fastai's Recorder). */
const DECAY = 0.98;

/**
 * Trains at rates that rise exponentially, and reads from the losses which rate suits. Nothing of the training is kept.
 * @throws AttuneError `E_NONFINITE` if the loss is not finite before there is anything to read, and as `Learner`
 */
export async function findLearningRate({
  train,
  batchSize = 32,
  start = 1e-7,
  end = 10,
  steps = 100,
  signal,
  onPoint,
  ...options
}: FindLearningRateOptions): Promise<FoundLearningRate> {
  const { seed = 0 } = options;
  await using learner = await Learner.open({ ...options, schedule: exponential(start, end, steps) });
  const points: LearningRatePoint[] = [];
  let [average, best] = [0, Number.POSITIVE_INFINITY];
  for (let epoch = 0; points.length < steps; epoch++) {
    for (const make of train.batches({ batchSize, shuffle: { seed, epoch } })) {
      if (points.length === steps) break;
      signal?.throwIfAborted();
      const { loss, learningRate } = await learner.step([make()]);
      if (!Number.isFinite(loss)) return suggestions(points, steps);
      average = DECAY * average + (1 - DECAY) * loss;
      const smoothedLoss = average / (1 - DECAY ** (points.length + 1));
      const point = { learningRate, loss, smoothedLoss };
      points.push(point);
      onPoint?.(point);
      best = Math.min(best, smoothedLoss);
      if (smoothedLoss > 4 * best) return suggestions(points, steps);
    }
  }
  return suggestions(points, steps);
}

/** start at step 0, end at the last. */
const exponential = (start: number, end: number, steps: number): Schedule => ({
  name: 'exponential',
  options: { start, end, steps },
  learningRate(step) {
    const exponent = mul(step, exact(step, Math.log(end / start) / Math.max(1, steps - 1)));
    return scale(exp(exponent), start);
  },
});

/** Without the first tenth and the last five, as in fastai. @throws AttuneError `E_NONFINITE` */
export function suggestions(points: readonly LearningRatePoint[], steps: number): FoundLearningRate {
  const read = points.slice(Math.floor(steps / 10), -5);
  if (read.length < 3) {
    throw new AttuneError('E_NONFINITE', `The loss rose too far after ${points.length} steps for a rate to be found.`, {
      field: 'learningRate',
      hint: 'Begin with a smaller rate, or look at the data.',
    });
  }
  return { valley: valley(read), steep: steep(read), points };
}

/** Two thirds into the longest sequence of falling losses (fastai.callback.schedule.valley). */
function valley(points: readonly LearningRatePoint[]): number {
  const lengths = points.map(() => 1);
  let [first, last] = [0, 0];
  for (let index = 1; index < points.length; index++) {
    for (let before = 0; before < index; before++) {
      const falls = points[index]!.smoothedLoss < points[before]!.smoothedLoss;
      if (falls && lengths[index]! < lengths[before]! + 1) lengths[index] = lengths[before]! + 1;
      if (lengths[last]! < lengths[index]!) [first, last] = [index - lengths[index]!, index];
    }
  }
  const third = (last - first) / 3;
  return points[Math.max(0, first + Math.floor(third) + Math.floor(third / 2))]!.learningRate;
}

/** Before the steepest fall over the logarithm of the rate (fastai.callback.schedule.steep). */
function steep(points: readonly LearningRatePoint[]): number {
  const slopes = points.slice(1).map(({ learningRate, smoothedLoss }, index) => {
    const before = points[index]!;
    return (smoothedLoss - before.smoothedLoss) / Math.log(learningRate / before.learningRate);
  });
  return points[slopes.indexOf(Math.min(...slopes))]!.learningRate;
}
