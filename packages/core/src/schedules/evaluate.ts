import { AttuneError, interpretReference, type Program, ProgramBuilder, tensorType, type Value } from '@attune/ir';
import type { Schedule } from './schedule.js';

/** The program of a scalar function of the step: input `step` (f32), output `value`. */
function stepProgram(name: string, compute: (step: Value) => Value): Program {
  const builder = new ProgramBuilder(name);
  return builder.finish({ value: compute(builder.input('step', tensorType([]))) });
}

/** A function of the step on the host, in float64 through the reference interpreter; the program is built once. */
export function stepFunction(name: string, compute: (step: Value) => Value): (step: number) => number {
  const program = stepProgram(name, compute);
  return (step) => {
    if (!Number.isInteger(step) || step < 0) {
      throw new AttuneError('E_CONFIG', `A step is a whole number from 0, got ${step}.`, { field: 'step' });
    }
    return interpretReference(program, [{ type: tensorType([]), data: Float64Array.of(step) }])[0]!.data[0]!;
  };
}

/**
 * The learning rate by step on the host, for events and logs.
 * @throws AttuneError `E_CONFIG` for a schedule whose rate depends on more than the step
 */
export function scheduleFunction(schedule: Schedule): (step: number) => number {
  return stepFunction(schedule.name, (step) =>
    schedule.learningRate(step, (name) => {
      throw new AttuneError('E_CONFIG', `The schedule ${schedule.name} depends on ${name}, not on the step alone.`, {
        field: schedule.name,
      });
    }),
  );
}

/** The learning rate of one step; for many steps keep a `scheduleFunction`. */
export const evaluateSchedule = (schedule: Schedule, step: number): number => scheduleFunction(schedule)(step);
