/** Fields that the schedules' options share. */
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { count, nonnegative, share } from '../fields.js';

export const stepsField = z.int().check(z.minimum(1));
export const warmupStepsField = z._default(count, 0);

/** Options of schedules that warm up and then run to the last step. */
export const warmupFields = {
  /** The base rate, reached at the end of the warm-up. */
  learningRate: nonnegative,
  /** Steps of linear warm-up from 0. */
  warmupSteps: warmupStepsField,
  /** The number of optimizer steps of the whole run. */
  trainingSteps: stepsField,
};

/** Fields of schedules that fall to a least rate: one of the two is given. */
export const leastRateFields = {
  /** The least rate. */
  minLr: z.optional(nonnegative),
  /** The least rate as a share of the base rate. */
  minLrRate: z.optional(share),
};

interface LeastRate {
  readonly learningRate: number;
  readonly minLr?: number | undefined;
  readonly minLrRate?: number | undefined;
}

/** The least rate as a share of the base rate. @throws AttuneError `E_CONFIG` unless exactly one field says it. */
export function leastRateOf({ learningRate, minLr, minLrRate }: LeastRate, what: string): number {
  if ((minLr === undefined) === (minLrRate === undefined)) {
    throw new AttuneError('E_CONFIG', `The options of ${what} need either minLr or minLrRate.`, { field: 'minLr' });
  }
  if (minLr !== undefined && minLr > learningRate) {
    throw new AttuneError('E_CONFIG', `minLr of ${what} is ${minLr}, above the learning rate ${learningRate}.`, {
      field: 'minLr',
    });
  }
  return minLrRate ?? (minLr === 0 ? 0 : minLr! / learningRate);
}
