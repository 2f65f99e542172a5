import { cast, greaterEqual, hostTensor, less, mul, reduceSum, select, sub, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { parseOptions } from '../parse-options.js';
import { scale } from './exact.js';
import { warmupFields } from './options.js';
import { afterWarmup, cosineFall, progressOf } from './phases.js';
import type { Schedule } from './schedule.js';

const schema = z.strictObject({
  ...warmupFields,
  /** Half waves after the warm-up, each of which starts at the base rate. */
  numCycles: z._default(z.int().check(z.minimum(1)), 1),
});

export type CosineWithRestartsOptions = z.input<typeof schema>;

/**
 * `numCycles` falling half cosines with hard restarts after the warm-up. Restarts are at steps that are fixed when the
 * program is traced, so that rounding cannot move one to another step on another device.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function cosineWithRestartsSchedule(options: CosineWithRestartsOptions): Schedule {
  const parsed = parseOptions(schema, options, 'cosine_with_restarts');
  const { learningRate, warmupSteps, trainingSteps, numCycles } = parsed;
  const span = Math.max(1, trainingSteps - warmupSteps);
  const restarts = restartSteps(span, numCycles);
  const cyclesDone = (step: Value): Value | number => {
    if (restarts.length === 0) return 0;
    const boundaries = step.builder.constant(
      hostTensor(
        [restarts.length],
        restarts.map((at) => at + warmupSteps),
      ),
    );
    return reduceSum(cast(greaterEqual(step, boundaries), 'f32'), [0]);
  };
  return {
    name: 'cosine_with_restarts',
    options: parsed,
    learningRate(step) {
      const position = sub(mul(progressOf(step, warmupSteps, trainingSteps), numCycles), cyclesDone(step));
      const fall = select(less(step, warmupSteps + span), cosineFall(position), 0);
      return scale(afterWarmup(step, warmupSteps, fall), learningRate);
    },
  };
}

/** The steps after the warm-up at which cycles 1, 2, … begin: where numCycles (step / span) reaches a whole number. */
function restartSteps(span: number, numCycles: number): number[] {
  return Array.from({ length: numCycles - 1 }, (_, index) => {
    let step = Math.floor(((index + 1) * span) / numCycles);
    while (numCycles * (step / span) < index + 1) step++;
    return step;
  });
}
