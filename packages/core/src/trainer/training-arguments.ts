import * as z from 'zod/mini';
import { count, fraction, namedOptions, nonnegative, positive, share, size } from '../fields.js';
import { optimizerNames } from '../optimizers/from-options.js';
import { parseOptions } from '../parse-options.js';
import { lrSchedulerTypes } from '../schedules/from-options.js';

/**
 * The options of training under the names of transformers' TrainingArguments, in camelCase. What has no default here is
 * chosen for the model and the data (recipe/recipe.ts).
 */
export const trainingArgumentsShape = {
  /** Peak learning rate; by the strategy and the width of the model. */
  learningRate: z.optional(positive),
  /** Passes over the data; by the number of examples. */
  numTrainEpochs: z.optional(positive),
  /** Ends training after this many optimizer steps; wins over `numTrainEpochs`. */
  maxSteps: z.optional(size),
  /** By the number of examples. */
  perDeviceTrainBatchSize: z.optional(size),
  perDeviceEvalBatchSize: z._default(size, 64),
  /** Micro-batches per optimizer step. */
  gradientAccumulationSteps: z._default(size, 1),
  /**
   * Halves the micro-batch and doubles their number while the device lacks memory for a step: the examples of a step stay
   * the same.
   */
  autoFindBatchSize: z._default(z.boolean(), false),
  /** Not applied to biases and the weights of norms; 0.01. */
  weightDecay: z.optional(nonnegative),
  optim: z._default(z.enum(optimizerNames), 'adamw'),
  adamBeta1: z._default(fraction, 0.9),
  adamBeta2: z._default(fraction, 0.999),
  adamEpsilon: z._default(positive, 1e-8),
  optimArgs: z._default(namedOptions, {}),
  /** Gradients are scaled down to this global norm; 0 turns clipping off. */
  maxGradNorm: z._default(nonnegative, 1),
  lrSchedulerType: z._default(z.enum(lrSchedulerTypes), 'linear'),
  lrSchedulerKwargs: z._default(namedOptions, {}),
  warmupSteps: z._default(count, 0),
  /** A tenth of the steps, unless `warmupSteps` says more. */
  warmupRatio: z.optional(share),
  /**
   * A weight for the loss of each class: `balanced` weighs classes by the inverse of their share of the training data
   * (scikit-learn's rule), `none` weighs all alike; of single labels only.
   */
  classWeights: z.optional(z.union([z.enum(['balanced', 'none']), z.array(nonnegative)])),
  seed: z._default(count, 0),
  /** Evaluates and ends with a running average of the weights: avg = decay avg + (1 - decay) w. Off if absent. */
  emaDecay: z.optional(fraction),
  /** Host memory for activations of frozen layers, which are computed once per example if that saves work. */
  frozenActivationBytes: z._default(count, 2 ** 30),
  /** The share of the training data that is kept for evaluation if there are no evaluation data; 0 keeps none. */
  holdOutShare: z.optional(fraction),
  /** `steps` if there is anything to evaluate on. */
  evalStrategy: z.optional(z.enum(['no', 'steps', 'epoch'])),
  evalSteps: z.optional(size),
  /**
   * `steps` where `saveSteps` is given. By default at the end of the run, and of epochs as often as saving takes at most
   * some 5% of the time; the weights do not depend on it.
   */
  saveStrategy: z.optional(z.enum(['no', 'steps', 'epoch'])),
  saveSteps: z.optional(size),
  /** Checkpoints kept, the newest among them; the best one is kept beside them. */
  saveTotalLimit: z._default(size, 2),
  /** True if there are enough evaluation data to tell. */
  loadBestModelAtEnd: z.optional(z.boolean()),
  /** A metric of the evaluation, or `loss`; the task's main metric. */
  metricForBestModel: z.optional(z.string()),
  greaterIsBetter: z.optional(z.boolean()),
  /** Evaluations without improvement before training stops, 0 for never. */
  earlyStoppingPatience: z.optional(count),
  earlyStoppingThreshold: z._default(nonnegative, 0),
} as const;

const schema = z.strictObject(trainingArgumentsShape);

export type TrainingArgumentsInput = z.input<typeof schema>;

/** The arguments that were given, with those defaults that depend on nothing. */
export type GivenArguments = z.output<typeof schema>;

/** The arguments that a recipe chooses if they are not given. */
export type RecipeArguments = Required<Pick<GivenArguments, (typeof recipeArgumentNames)[number]>>;

/** All arguments of a run. */
export type TrainingArguments = Omit<GivenArguments, keyof RecipeArguments> & RecipeArguments;

export const recipeArgumentNames = [
  'learningRate',
  'numTrainEpochs',
  'perDeviceTrainBatchSize',
  'weightDecay',
  'warmupRatio',
  'classWeights',
  'holdOutShare',
  'evalStrategy',
  'loadBestModelAtEnd',
  'metricForBestModel',
  'earlyStoppingPatience',
] as const satisfies readonly (keyof GivenArguments)[];

/** @throws AttuneError `E_CONFIG` that lists every problem, with the nearest name for an unknown option */
export const parseTrainingArguments = (options: TrainingArgumentsInput): GivenArguments => parse(options);

/**
 * The arguments of a run that goes on: what a recipe chose stays as it was chosen.
 * @param before the arguments that the run began with
 */
export function continuedArguments(given: GivenArguments, before: Readonly<Record<string, unknown>>): GivenArguments {
  const names = [...recipeArgumentNames, 'evalSteps' as const].filter((name) => given[name] === undefined);
  const kept = names.flatMap((name) => (before[name] == null ? [] : [[name, before[name]]]));
  return parse({ ...given, ...Object.fromEntries(kept) });
}

function parse(options: object): GivenArguments {
  return parseOptions(schema, options, 'training', (parsed) => {
    if (parsed.evalStrategy === 'steps' && parsed.evalSteps === undefined) {
      return { field: 'evalSteps', problem: 'is needed with evalStrategy "steps"' };
    }
    if (parsed.saveStrategy === 'steps' && parsed.saveSteps === undefined) {
      return { field: 'saveSteps', problem: 'is needed with saveStrategy "steps"' };
    }
    if (parsed.warmupSteps > 0 && (parsed.warmupRatio ?? 0) > 0) {
      return { field: 'warmupRatio', problem: 'and warmupSteps exclude each other' };
    }
    if (parsed.evalStrategy === 'no' && (parsed.loadBestModelAtEnd || parsed.earlyStoppingPatience)) {
      return { field: 'evalStrategy', problem: 'is "no"; the best model and early stopping need evaluations' };
    }
    return undefined;
  });
}

/** When checkpoints are written: by `saveStrategy`, else every `saveSteps` if given, else at ends of epochs that can afford it. */
export function saveStrategyOf({
  saveStrategy,
  saveSteps,
}: TrainingArguments): 'no' | 'steps' | 'epoch' | 'affordable' {
  return saveStrategy ?? (saveSteps === undefined ? 'affordable' : 'steps');
}
