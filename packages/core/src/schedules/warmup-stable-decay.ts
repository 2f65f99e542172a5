import { AttuneError, less, maximum, select, sqrt, sub, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { count, nonnegative, share } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exact, scale } from './exact.js';
import { stepsField, warmupStepsField } from './options.js';
import { clampToUnit, cosineFall, liftTo, progressOf } from './phases.js';
import type { Schedule } from './schedule.js';

const shape = z.enum(['linear', 'cosine', '1-sqrt']);

const schema = z.strictObject({
  learningRate: nonnegative,
  warmupSteps: warmupStepsField,
  numDecaySteps: count,
  /** What is left between warm-up and decay by default. */
  numStableSteps: z.optional(count),
  /** Needed where `numStableSteps` is not given. */
  trainingSteps: z.optional(stepsField),
  warmupType: z._default(shape, 'linear'),
  decayType: z._default(shape, 'cosine'),
  /** The rate before the warm-up and after the decay, as a share of the base rate. */
  minLrRatio: z._default(share, 0),
  /** Waves of a cosine decay. */
  numCycles: z._default(nonnegative, 0.5),
});

export type WarmupStableDecayOptions = z.input<typeof schema>;

/** Warm-up, constant, decay. @throws AttuneError `E_CONFIG` for wrong options */
export function warmupStableDecaySchedule(options: WarmupStableDecayOptions): Schedule {
  const parsed = parseOptions(schema, options, 'warmup_stable_decay');
  const { learningRate, warmupSteps, numDecaySteps, warmupType, decayType, minLrRatio, numCycles } = parsed;
  const decayStart = warmupSteps + stableSteps(parsed);
  const rise = (progress: Value) => {
    if (warmupType === 'linear') return progress;
    return warmupType === 'cosine' ? sub(1, cosineFall(progress)) : sub(1, sqrt(sub(1, progress)));
  };
  const fall = (progress: Value) => {
    if (decayType === 'linear') return sub(1, progress);
    return decayType === 'cosine' ? cosineFall(progress, 2 * numCycles) : sub(1, sqrt(progress));
  };
  return {
    name: 'warmup_stable_decay',
    options: parsed,
    learningRate(step) {
      const bounded = (factor: Value) => maximum(liftTo(factor, minLrRatio), 0);
      const decayEnd = decayStart + numDecaySteps;
      const falling = bounded(fall(clampToUnit(progressOf(step, decayStart, decayEnd))));
      const ended = exact(step, minLrRatio);
      const stable = select(less(step, decayStart), 1, select(less(step, decayEnd), falling, ended));
      if (warmupSteps === 0) return scale(stable, learningRate);
      const rising = bounded(rise(clampToUnit(progressOf(step, 0, warmupSteps))));
      return scale(select(less(step, warmupSteps), rising, stable), learningRate);
    },
  };
}

function stableSteps({ warmupSteps, numDecaySteps, numStableSteps, trainingSteps }: z.output<typeof schema>): number {
  if (numStableSteps !== undefined) return numStableSteps;
  if (trainingSteps === undefined) {
    throw new AttuneError('E_CONFIG', 'The options of warmup_stable_decay need trainingSteps or numStableSteps.', {
      field: 'trainingSteps',
    });
  }
  const left = trainingSteps - warmupSteps - numDecaySteps;
  if (left < 0) {
    throw new AttuneError(
      'E_CONFIG',
      `warmup_stable_decay has ${trainingSteps} steps, fewer than ${warmupSteps} of warm-up and ${numDecaySteps} of decay.`,
      { field: 'numDecaySteps' },
    );
  }
  return left;
}
