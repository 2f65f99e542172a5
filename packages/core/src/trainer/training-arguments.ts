import * as z from 'zod/mini';
import { count, fraction, nonnegative, positive, share, size } from '../fields.js';
import { optimizerNames } from '../optimizers/from-options.js';
import { parseOptions } from '../parse-options.js';
import { lrSchedulerTypes } from '../schedules/from-options.js';

/** The options of training under the names of transformers' TrainingArguments, in camelCase, with its defaults. */
export const trainingArgumentsShape = {
  learningRate: z._default(positive, 5e-5),
  numTrainEpochs: z._default(positive, 3),
  /** Ends training after this many optimizer steps; wins over `numTrainEpochs`. */
  maxSteps: z.optional(size),
  perDeviceTrainBatchSize: z._default(size, 8),
  perDeviceEvalBatchSize: z._default(size, 32),
  /** Micro-batches per optimizer step. */
  gradientAccumulationSteps: z._default(size, 1),
  /** Not applied to biases and the weights of norms. */
  weightDecay: z._default(nonnegative, 0),
  optim: z._default(z.enum(optimizerNames), 'adamw'),
  adamBeta1: z._default(fraction, 0.9),
  adamBeta2: z._default(fraction, 0.999),
  adamEpsilon: z._default(positive, 1e-8),
  optimArgs: z._default(z.record(z.string(), z.unknown()), {}),
  /** Gradients are scaled down to this global norm; 0 turns clipping off. */
  maxGradNorm: z._default(nonnegative, 1),
  lrSchedulerType: z._default(z.enum(lrSchedulerTypes), 'linear'),
  lrSchedulerKwargs: z._default(z.record(z.string(), z.unknown()), {}),
  warmupSteps: z._default(count, 0),
  warmupRatio: z._default(share, 0),
  seed: z._default(count, 0),
  /** Evaluates and ends with a running average of the weights: avg = decay avg + (1 - decay) w. Off where absent. */
  emaDecay: z.optional(fraction),
  /** Host memory for activations of frozen layers, which are computed once per example where that saves work. */
  frozenActivationBytes: z._default(count, 2 ** 30),
  evalStrategy: z._default(z.enum(['no', 'steps', 'epoch']), 'epoch'),
  evalSteps: z.optional(size),
  /**
   * `steps` where `saveSteps` is given. By default at the end of the run, and of epochs as often as saving takes at most
   * some 5% of the time; the weights do not depend on it.
   */
  saveStrategy: z.optional(z.enum(['no', 'steps', 'epoch'])),
  saveSteps: z.optional(size),
  /** Checkpoints kept, the newest among them; the best one is kept beside them. */
  saveTotalLimit: z._default(size, 2),
  loadBestModelAtEnd: z._default(z.boolean(), false),
  /** A metric of the evaluation, or `loss`. */
  metricForBestModel: z._default(z.string(), 'loss'),
  greaterIsBetter: z.optional(z.boolean()),
  /** Evaluations without improvement before training stops; off where absent. */
  earlyStoppingPatience: z.optional(size),
  earlyStoppingThreshold: z._default(nonnegative, 0),
} as const;

const schema = z.strictObject(trainingArgumentsShape);

export type TrainingArgumentsInput = z.input<typeof schema>;
export type TrainingArguments = z.output<typeof schema>;

/** @throws AttuneError `E_CONFIG` that lists every problem, with the nearest name for an unknown option */
export function parseTrainingArguments(options: TrainingArgumentsInput): TrainingArguments {
  return parseOptions(schema, options, 'training', (parsed) => {
    if (parsed.evalStrategy === 'steps' && parsed.evalSteps === undefined) {
      return { field: 'evalSteps', problem: 'is needed with evalStrategy "steps"' };
    }
    if (parsed.saveStrategy === 'steps' && parsed.saveSteps === undefined) {
      return { field: 'saveSteps', problem: 'is needed with saveStrategy "steps"' };
    }
    if (parsed.warmupSteps > 0 && parsed.warmupRatio > 0) {
      return { field: 'warmupRatio', problem: 'and warmupSteps exclude each other' };
    }
    if (parsed.evalStrategy === 'no' && (parsed.loadBestModelAtEnd || parsed.earlyStoppingPatience !== undefined)) {
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
