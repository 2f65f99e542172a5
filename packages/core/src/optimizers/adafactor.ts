import { add, div, maximum, minimum, mul, pow, rsqrt, sub, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { fraction, nonnegative, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exponentialAverage } from './exponential-average.js';
import { factorTypes, interpolate, keepLast, keepSecondLast } from './factored-moment.js';
import type { Optimizer, StateSlot, UpdateContext, UpdateResult } from './optimizer.js';
import { meanOver, rootMeanSquare } from './root-mean-square.js';
import { decoupledDecay } from './weight-decay.js';

const schema = z.strictObject({
  /** The exponent of 1 - t^decayRate, the decay of the second moment. */
  decayRate: z._default(z.number().check(z.maximum(0)), -0.8),
  /** Keep the second moment and the parameter's scale away from 0. */
  epsilon: z._default(z.tuple([positive, nonnegative]), [1e-30, 1e-3]),
  /** The largest root mean square of an update. */
  clipThreshold: z._default(positive, 1),
  /** Averages the updates as well. */
  beta1: z.optional(fraction),
  /** Multiplies the rate by the parameter's root mean square. */
  scaleParameter: z._default(z.boolean(), true),
  /** Takes the rate from the step number instead of from the schedule, which is then not read. */
  relativeStep: z._default(z.boolean(), false),
  /** A slow start of that rate; needs `relativeStep`. */
  warmupInit: z._default(z.boolean(), false),
});

export type AdafactorOptions = z.input<typeof schema>;

/**
 * Adafactor (arXiv 1804.04235) as transformers.optimization.Adafactor (fairseq's) has it. The second moment of a tensor
 * of two or more axes is kept as its row and column means, in memory of the order of rows + columns. Slots `exp_avg_sq_row` and `exp_avg_sq_col`, or `exp_avg_sq`
 * below two axes; with `beta1` also `exp_avg`.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function adafactor(options: AdafactorOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'adafactor', ({ warmupInit, relativeStep }) =>
    warmupInit && !relativeStep ? { field: 'warmupInit', problem: 'needs relativeStep' } : undefined,
  );
  const { decayRate, epsilon, clipThreshold, beta1, scaleParameter, relativeStep, warmupInit } = parsed;
  const rateOf = ({ parameter, learningRate, step }: UpdateContext) => {
    const least = warmupInit ? mul(step, 1e-6) : step.builder.scalar(1e-2);
    const rate = relativeStep ? minimum(least, rsqrt(step)) : learningRate;
    return scaleParameter ? mul(rate, maximum(rootMeanSquare(parameter), epsilon[1])) : rate;
  };
  return {
    name: 'adafactor',
    options: parsed,
    slots(type): Readonly<Record<string, StateSlot>> {
      const [row, column] = factorTypes(type, false);
      return {
        ...(row && column
          ? { exp_avg_sq_row: { type: row, initial: 0 }, exp_avg_sq_col: { type: column, initial: 0 } }
          : { exp_avg_sq: { type, initial: 0 } }),
        ...(beta1 === undefined ? {} : { exp_avg: { type, initial: 0 } }),
      };
    },
    update(context): UpdateResult {
      const { gradient, state } = context;
      const rate = rateOf(context);
      const share = pow(context.step, decayRate);
      const { direction, moments } = scaledGradient(gradient, state, share, epsilon[0]);
      const clip = maximum(mul(rootMeanSquare(direction), 1 / clipThreshold), 1);
      const update = mul(direction, div(rate, clip));
      const average = beta1 === undefined ? undefined : exponentialAverage(state.exp_avg!, update, beta1);
      return {
        parameter: sub(decoupledDecay({ ...context, learningRate: rate }), average ?? update),
        state: { ...moments, ...(average ? { exp_avg: average } : {}) },
      };
    },
  };
}

/** The gradient over the root of its second moment, and that moment's next state. */
function scaledGradient(
  gradient: Value,
  state: UpdateContext['state'],
  share: Value,
  epsilon: number,
): { direction: Value; moments: UpdateResult['state'] } {
  const square = add(mul(gradient, gradient), epsilon);
  const rank = gradient.type.shape.length;
  if (rank < 2) {
    const moment = interpolate(state.exp_avg_sq!, square, share);
    return { direction: mul(rsqrt(moment), gradient), moments: { exp_avg_sq: moment } };
  }
  const row = interpolate(state.exp_avg_sq_row!, meanOver(square, rank - 1), share);
  const column = interpolate(state.exp_avg_sq_col!, meanOver(square, rank - 2), share);
  const rowFactor = rsqrt(div(row, keepLast(meanOver(row, rank - 2))));
  const factor = mul(keepLast(rowFactor), keepSecondLast(rsqrt(column)));
  return { direction: mul(factor, gradient), moments: { exp_avg_sq_row: row, exp_avg_sq_col: column } };
}
