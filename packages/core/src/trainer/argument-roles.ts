/** Which training arguments a resumed run must have as the run began with them. */
import type { TrainingArguments } from './training-arguments.js';

type ArgumentName = keyof TrainingArguments;

/**
 * - `weights`: decides over the weights after a step, or over which weights a run ends with.
 * - `length`: decides when a run ends. A run that is finished may go on for longer.
 * - `evaluation`: decides over the result only if evaluations do, as for the best model.
 * - `none`: decides over speed, memory and files. It may change.
 */
export type ArgumentRole = 'weights' | 'length' | 'evaluation' | 'none';

/** Every argument has its role here: a new one does not compile without. */
export const argumentRoles = {
  learningRate: 'weights',
  numTrainEpochs: 'length',
  maxSteps: 'length',
  perDeviceTrainBatchSize: 'weights',
  perDeviceEvalBatchSize: 'none',
  gradientAccumulationSteps: 'weights',
  autoFindBatchSize: 'none',
  weightDecay: 'weights',
  optim: 'weights',
  adamBeta1: 'weights',
  adamBeta2: 'weights',
  adamEpsilon: 'weights',
  optimArgs: 'weights',
  maxGradNorm: 'weights',
  lrSchedulerType: 'weights',
  lrSchedulerKwargs: 'weights',
  warmupSteps: 'weights',
  warmupRatio: 'weights',
  classWeights: 'weights',
  seed: 'weights',
  emaDecay: 'weights',
  frozenActivationBytes: 'none',
  holdOutShare: 'weights',
  evalStrategy: 'evaluation',
  evalSteps: 'evaluation',
  saveStrategy: 'none',
  saveSteps: 'none',
  saveTotalLimit: 'none',
  loadBestModelAtEnd: 'weights',
  metricForBestModel: 'evaluation',
  greaterIsBetter: 'evaluation',
  earlyStoppingPatience: 'weights',
  earlyStoppingThreshold: 'evaluation',
} as const satisfies { readonly [Name in ArgumentName]-?: ArgumentRole };

export const argumentsOfRole = (...roles: readonly ArgumentRole[]): readonly string[] =>
  Object.entries(argumentRoles).flatMap(([name, role]) => (roles.includes(role) ? [name] : []));

/** Whether evaluations decide over the weights that a run ends with. */
export function evaluationsDecide(run: Readonly<Record<string, unknown>>): boolean {
  const { loadBestModelAtEnd, earlyStoppingPatience, lrSchedulerType } = run satisfies Readonly<
    Partial<Record<ArgumentName, unknown>>
  >;
  return (
    loadBestModelAtEnd === true ||
    (typeof earlyStoppingPatience === 'number' && earlyStoppingPatience > 0) ||
    lrSchedulerType === ('reduce_lr_on_plateau' satisfies TrainingArguments['lrSchedulerType'])
  );
}
