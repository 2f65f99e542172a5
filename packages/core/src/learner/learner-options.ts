import { AttuneError, type Backend } from '@attune/ir';
import * as z from 'zod/mini';
import type { Objective } from '../objective.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { parseOptions } from '../parse-options.js';
import { fullRecipe } from '../recipe/recipe.js';
import { lrSchedulerTypes } from '../schedules/from-options.js';
import type { Schedule } from '../schedules/schedule.js';
import type { ParameterSpec } from '../scope.js';
import type { Strategy } from '../strategy.js';
import type { TrainableModel } from '../trainer/trainable-model.js';
import { trainingArgumentsShape } from '../trainer/training-arguments.js';
import { type AdaptedModel, adaptModel } from './adapted-model.js';
import type { FeatureData } from './feature-cache.js';
import { type StepArguments, type StepRules, stepRules } from './step-options.js';

/** The training arguments that a step depends on, under their own names and with their own defaults. */
const argumentsShape = {
  learningRate: trainingArgumentsShape.learningRate,
  numTrainEpochs: trainingArgumentsShape.numTrainEpochs,
  weightDecay: trainingArgumentsShape.weightDecay,
  optim: trainingArgumentsShape.optim,
  adamBeta1: trainingArgumentsShape.adamBeta1,
  adamBeta2: trainingArgumentsShape.adamBeta2,
  adamEpsilon: trainingArgumentsShape.adamEpsilon,
  optimArgs: trainingArgumentsShape.optimArgs,
  maxGradNorm: trainingArgumentsShape.maxGradNorm,
  lrSchedulerType: z.optional(z.enum(lrSchedulerTypes)),
  lrSchedulerKwargs: trainingArgumentsShape.lrSchedulerKwargs,
  warmupSteps: trainingArgumentsShape.warmupSteps,
  warmupRatio: trainingArgumentsShape.warmupRatio,
  seed: trainingArgumentsShape.seed,
  emaDecay: trainingArgumentsShape.emaDecay,
  gradientCheckpointing: trainingArgumentsShape.gradientCheckpointing,
  /** Optimizer steps in all, which schedules with an end need. */
  steps: trainingArgumentsShape.maxSteps,
} as const;

const argumentsSchema = z.strictObject(argumentsShape);

export interface LearnerOptions extends z.input<typeof argumentsSchema> {
  readonly model: LearnerModel;
  /** One strategy, or several that compose in their order; without one nothing trains. */
  readonly strategy?: Strategy | readonly Strategy[];
  /** What training minimises; the model's own by default. */
  readonly objective?: Objective;
  readonly backend: Backend;
  /** In place of the one that `optim` names. */
  readonly optimizer?: Optimizer;
  /** In place of the one that `lrSchedulerType` names. */
  readonly schedule?: Schedule;
  /** Which parameters `weightDecay` is for; all but biases and norms by default. */
  readonly decays?: (parameter: ParameterSpec) => boolean;
}

export type LearnerModel = Pick<TrainableModel, 'model' | 'weights' | 'created' | 'objective'>;

/** What a learner is made of, its options checked and completed. */
export interface LearnerParts {
  readonly backend: Backend;
  readonly adapted: AdaptedModel;
  readonly strategies: readonly Strategy[];
  /** Absent: it only answers. */
  readonly objective?: Objective | undefined;
  readonly arguments: StepArguments;
  readonly rules: StepRules;
  /** Optimizer steps in all. */
  readonly steps: number;
  /** The data whose frozen activations are worth keeping; absent if each example is seen once. */
  readonly features?: FeatureData | undefined;
}

/**
 * With `steps` the rate warms up over a tenth of them and decays linearly, as in the Trainer; without, it is constant.
 * @throws AttuneError `E_CONFIG`, `E_STRATEGY`, `E_WEIGHTS_MISMATCH`, `E_NONFINITE`
 */
export async function learnerParts({
  model,
  strategy = [],
  objective = model.objective,
  backend,
  optimizer,
  schedule,
  decays,
  ...rest
}: LearnerOptions): Promise<LearnerParts> {
  const given = parseOptions(argumentsSchema, rest, 'the learner');
  const { steps } = given;
  const lrSchedulerType = given.lrSchedulerType ?? (steps === undefined ? 'constant' : 'linear');
  if (steps === undefined && !lrSchedulerType.startsWith('constant')) {
    const message = `The options of the learner are wrong: lrSchedulerType "${lrSchedulerType}" needs steps.`;
    throw new AttuneError('E_CONFIG', message, { field: 'steps' });
  }
  const strategies = [strategy].flat();
  const recipe = strategies.findLast((each) => each.recipe)?.recipe ?? fullRecipe;
  const rules = await stepRules(
    {
      ...given,
      lrSchedulerType,
      learningRate: given.learningRate ?? recipe.learningRate(model.model.width ?? 768),
      warmupRatio: given.warmupRatio ?? (steps === undefined || given.warmupSteps > 0 ? 0 : 0.1),
    },
    steps ?? 1,
  );
  return {
    backend,
    objective,
    strategies,
    adapted: adaptModel(model.model, model.weights, strategies, given.seed, model.created),
    arguments: {
      ...given,
      numTrainEpochs: given.numTrainEpochs ?? 1,
      weightDecay: given.weightDecay ?? 0.01,
      ...(decays ? { decays } : {}),
    },
    rules: { optimizer: optimizer ?? rules.optimizer, schedule: schedule ?? rules.schedule },
    steps: steps ?? Number.MAX_SAFE_INTEGER,
  };
}
