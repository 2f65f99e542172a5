/**
 * The names of the ports of programs, by their roles: a role is the function that makes the name, and parameters have their own
 * names. Nobody reads a role out of a name; what needs to know one compares names with those that it makes itself.
 */

/** A field of the batch. */
export const batchInput = (field: string): string => `batch/${field}`;

/** A count over the whole optimizer step. */
export const totalInput = (count: string): string => `total/${count}`;

/** What the model carries from batch to batch. */
export const carriedInput = (name: string): string => `carried/${name}`;

/** u32[2], which differs in every step: draws are a function of it. */
export const KEY_INPUT = 'key';

/** The optimizer step, an i32 scalar from 0. */
export const STEP_INPUT = 'step';

/** A number that a schedule takes from the host. */
export const scheduleInput = (name: string): string => `schedule/${name}`;

/** A metric of the objective. */
export const metricOutput = (metric: string): string => `metric/${metric}`;

/** The optimizer's state for a parameter. */
export const stateName = (parameter: string, slot: string): string => `state/${parameter}/${slot}`;

/** A tensor of a parameter's penalty. @param index of the penalty */
export const penaltyName = (parameter: string, index: number, name: string): string =>
  `penalty/${parameter}/${index}/${name}`;

/** What a strategy carries that follows each update. @param index of the strategy among those */
export const afterUpdateName = (index: number, slot: string): string => `following/${index}/${slot}`;

/** The sum, over micro-batches, of a parameter's gradient, or of an output. */
export const accumulatorName = (summed: string): string => `accumulated/${summed}`;

/** The running average of a parameter. */
export const averageName = (parameter: string): string => `average/${parameter}`;

/** What the frozen part of a model makes of a batch. */
export const featureName = (index: number): string => `feature/${index}`;
