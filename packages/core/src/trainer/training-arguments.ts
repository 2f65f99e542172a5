import * as z from 'zod/mini';
import { count, fraction, namedOptions, nonnegative, positive, share, size } from '../fields.js';
import { optimizerNames } from '../optimizers/from-options.js';
import { parseOptions } from '../parse-options.js';
import { lrSchedulerTypes } from '../schedules/from-options.js';

/**
 * What a resumed run needs of an argument:
 *
 * - `weights`: the run's own, since it decides over the weights after a step, or over which weights a run ends with.
 * - `length`: the run's own, since it decides when a run ends; a run that is finished may go on for longer.
 * - `evaluation`: the run's own if evaluations decide over the result, as for the best model.
 * - `none`: anything, since it decides over speed, memory and files only.
 */
export type ArgumentRole = 'weights' | 'length' | 'evaluation' | 'none';

/** All that there is to know about a training argument. */
export interface TrainingArgument<Schema extends z.core.$ZodType = z.core.$ZodType> {
  /** Its default too. */
  readonly schema: Schema;
  readonly role: ArgumentRole;
  /** Whether a recipe chooses it for the model and the data if it is not given (recipe/recipe.ts). */
  readonly isChosen?: boolean;
  /** A shorter name on the command line, where the argument's own is taken too. */
  readonly short?: string;
}

/**
 * The arguments of training under the names of transformers' TrainingArguments, in camelCase. Everything else derives from
 * this table: the Trainer's options, keys of attune.config files, flags, their help and documentation, and what a resumed
 * run is compared by.
 */
export const trainingArguments = {
  learningRate: {
    schema: z.optional(positive),
    role: 'weights',
    isChosen: true,
  },
  numTrainEpochs: {
    schema: z.optional(positive),
    role: 'length',
    isChosen: true,
    short: 'epochs',
  },
  maxSteps: {
    schema: z.optional(size),
    role: 'length',
  },
  perDeviceTrainBatchSize: {
    schema: z.optional(size),
    role: 'weights',
    isChosen: true,
    short: 'batchSize',
  },
  perDeviceEvalBatchSize: {
    schema: z._default(size, 64),
    role: 'none',
    short: 'evalBatchSize',
  },
  gradientAccumulationSteps: { schema: z._default(size, 1), role: 'weights' },
  autoFindBatchSize: {
    schema: z._default(z.boolean(), false),
    role: 'none',
  },
  weightDecay: {
    schema: z.optional(nonnegative),
    role: 'weights',
    isChosen: true,
  },
  optim: {
    schema: z._default(z.enum(optimizerNames), 'adamw'),
    role: 'weights',
    short: 'optimizer',
  },
  adamBeta1: { schema: z._default(fraction, 0.9), role: 'weights' },
  adamBeta2: { schema: z._default(fraction, 0.999), role: 'weights' },
  adamEpsilon: {
    schema: z._default(positive, 1e-8),
    role: 'weights',
  },
  optimArgs: { schema: z._default(namedOptions, {}), role: 'weights' },
  maxGradNorm: {
    schema: z._default(nonnegative, 1),
    role: 'weights',
  },
  lrSchedulerType: {
    schema: z._default(z.enum(lrSchedulerTypes), 'linear'),
    role: 'weights',
    short: 'lrScheduler',
  },
  lrSchedulerKwargs: {
    schema: z._default(namedOptions, {}),
    role: 'weights',
  },
  warmupSteps: {
    schema: z._default(count, 0),
    role: 'weights',
  },
  warmupRatio: {
    schema: z.optional(share),
    role: 'weights',
    isChosen: true,
  },
  classWeights: {
    schema: z.optional(z.union([z.enum(['balanced', 'none']), z.array(nonnegative)])),
    role: 'weights',
    isChosen: true,
  },
  balancedSampling: { schema: z._default(z.boolean(), false), role: 'weights' },
  seed: { schema: z._default(count, 0), role: 'weights' },
  emaDecay: {
    schema: z.optional(fraction),
    role: 'weights',
  },
  gradientCheckpointing: { schema: z._default(z.boolean(), false), role: 'none' },
  frozenActivationBytes: {
    schema: z._default(count, 2 ** 30),
    role: 'none',
  },
  holdOutShare: {
    schema: z.optional(fraction),
    role: 'weights',
    isChosen: true,
  },
  evalStrategy: {
    schema: z.optional(z.enum(['no', 'steps', 'epoch'])),
    role: 'evaluation',
    isChosen: true,
  },
  evalSteps: {
    schema: z.optional(size),
    role: 'evaluation',
  },
  evalDelay: {
    schema: z._default(nonnegative, 0),
    role: 'evaluation',
  },
  saveStrategy: {
    schema: z.optional(z.enum(['no', 'steps', 'epoch'])),
    role: 'none',
  },
  saveSteps: { schema: z.optional(size), role: 'none' },
  saveTotalLimit: { schema: z._default(size, 2), role: 'none' },
  loadBestModelAtEnd: {
    schema: z.optional(z.boolean()),
    role: 'weights',
    isChosen: true,
  },
  metricForBestModel: {
    schema: z.optional(z.string()),
    role: 'evaluation',
    isChosen: true,
  },
  greaterIsBetter: {
    schema: z.optional(z.boolean()),
    role: 'evaluation',
  },
  earlyStoppingPatience: {
    schema: z.optional(count),
    role: 'weights',
    isChosen: true,
  },
  earlyStoppingThreshold: {
    schema: z._default(nonnegative, 0),
    role: 'evaluation',
  },
} as const satisfies Readonly<Record<string, TrainingArgument>>;

/** What the arguments mean, for help and documentation: apart, since bundles leave out what only these need. */
export const argumentDescriptions = {
  learningRate: 'peak learning rate; by the strategy and the model by default',
  numTrainEpochs: 'passes over the data; by their size by default',
  maxSteps: 'ends after this many steps, whatever the epochs',
  perDeviceTrainBatchSize: 'examples per step; by the size of the data by default',
  perDeviceEvalBatchSize: 'examples per evaluation batch',
  gradientAccumulationSteps: 'micro-batches per step',
  autoFindBatchSize:
    'halves the micro-batch and doubles their number while the device lacks memory; a step keeps its examples',
  weightDecay: 'weight decay, not on biases and norms; 0.01 by default',
  optim: 'the optimizer',
  adamBeta1: 'decay of the first moment',
  adamBeta2: 'decay of the second moment',
  adamEpsilon: 'added to the root of the second moment',
  optimArgs: 'further options of the optimizer',
  maxGradNorm: 'gradients are clipped to this norm; 0 is off',
  lrSchedulerType: 'shape of the learning rate over time',
  lrSchedulerKwargs: 'further options of the learning rate schedule',
  warmupSteps: 'steps that warm up, in place of a share',
  warmupRatio: 'share of the steps that warm up; 0.1 by default',
  classWeights: 'balanced gives rare classes more weight in the loss, a list gives each its own; none by default',
  balancedSampling: 'each epoch has as many examples of every class: rare ones are repeated, others take turns',
  seed: 'seed of everything random',
  emaDecay: 'evaluates and ends with a running average of the weights of this decay',
  gradientCheckpointing: 'computes activations again in the backward pass, which takes longer and far less memory',
  frozenActivationBytes: 'memory for activations of frozen layers, which are computed once',
  holdOutShare:
    'share of the training data kept for evaluation if there are no evaluation data, 0 for none; 0.1 of 200 rows and more by default',
  evalStrategy: 'when to evaluate; steps by default',
  evalSteps: 'steps between evaluations; at most ten in all by default',
  evalDelay: 'steps, or epochs with the evalStrategy epoch, before the first evaluation',
  saveStrategy:
    'when checkpoints are saved: no (only when interrupted), steps or epoch; at some ends of epochs by default',
  saveSteps: 'steps between checkpoints',
  saveTotalLimit: 'checkpoints kept, beside the best one',
  loadBestModelAtEnd: 'ends with the best weights instead of the last; by default if 200 rows or more are evaluated',
  metricForBestModel: "what best means: loss or a metric; the task's main one by default",
  greaterIsBetter: 'whether more of the metric is better; by its name by default',
  earlyStoppingPatience: 'evaluations without improvement before stopping, 0 for never',
  earlyStoppingThreshold: 'what counts as an improvement',
} as const satisfies Readonly<Record<keyof typeof trainingArguments, string>>;

type Table = typeof trainingArguments;

export type ArgumentName = keyof Table;

type Shape = { [Name in ArgumentName]: Table[Name]['schema'] };

/** The schemas of all arguments. */
export const trainingArgumentsShape = shapeOf(trainingArguments);

const schema = z.strictObject(trainingArgumentsShape);

function shapeOf(table: Table): Shape;
function shapeOf(table: Readonly<Record<string, TrainingArgument>>): Readonly<Record<string, z.core.$ZodType>> {
  return Object.fromEntries(Object.entries(table).map(([name, { schema }]) => [name, schema]));
}

export type TrainingArgumentsInput = z.input<typeof schema>;

/** The arguments that were given, with those defaults that depend on nothing. */
export type GivenArguments = z.output<typeof schema>;

type ChosenName = {
  [Name in ArgumentName]: Table[Name] extends { readonly isChosen: true } ? Name : never;
}[ArgumentName];

/** The arguments that a recipe chooses if they are not given. */
export type RecipeArguments = Required<Pick<GivenArguments, ChosenName>>;

/** All arguments of a run. */
export type TrainingArguments = Omit<GivenArguments, ChosenName> & RecipeArguments;

const argumentNames = Object.keys(trainingArguments);

/** The names of the arguments that a recipe chooses. */
export const recipeArgumentNames: readonly ChosenName[] = chosenNames(trainingArguments);

function chosenNames(table: Table): readonly ChosenName[];
function chosenNames(table: Readonly<Record<string, TrainingArgument>>): readonly string[] {
  return argumentNames.filter((name) => table[name]?.isChosen);
}

/** The names of the arguments of some roles. */
export const argumentsOfRole = (...roles: readonly ArgumentRole[]): readonly string[] =>
  Object.entries(trainingArguments).flatMap(([name, { role }]) => (roles.includes(role) ? [name] : []));

/** The training arguments among other settings. @throws AttuneError as `parseTrainingArguments` */
export const trainingArgumentsAmong = (settings: object): GivenArguments =>
  parse(Object.fromEntries(Object.entries(settings).filter(([name]) => argumentNames.includes(name))));

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
