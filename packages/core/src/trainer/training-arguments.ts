import { z } from 'zod';
import { optimizerNames } from '../optimizers/from-options.js';
import { parseOptions } from '../parse-options.js';
import { lrSchedulerTypes } from '../schedules/from-options.js';

const count = z.number().int().nonnegative();
const positive = z.number().int().positive();

/** The options of training under the names of transformers' TrainingArguments, in camelCase, with its defaults. */
export const trainingArgumentsShape = {
  learningRate: z.number().positive().default(5e-5),
  numTrainEpochs: z.number().positive().default(3),
  /** Ends training after this many optimizer steps; wins over `numTrainEpochs`. */
  maxSteps: positive.optional(),
  perDeviceTrainBatchSize: positive.default(8),
  perDeviceEvalBatchSize: positive.default(32),
  /** Micro-batches per optimizer step. */
  gradientAccumulationSteps: positive.default(1),
  /** Not applied to biases and the weights of norms. */
  weightDecay: z.number().min(0).default(0),
  optim: z.enum(optimizerNames).default('adamw'),
  adamBeta1: z.number().min(0).lt(1).default(0.9),
  adamBeta2: z.number().min(0).lt(1).default(0.999),
  adamEpsilon: z.number().positive().default(1e-8),
  optimArgs: z.record(z.string(), z.unknown()).default({}),
  /** Gradients are scaled down to this global norm; 0 turns clipping off. */
  maxGradNorm: z.number().min(0).default(1),
  lrSchedulerType: z.enum(lrSchedulerTypes).default('linear'),
  lrSchedulerKwargs: z.record(z.string(), z.unknown()).default({}),
  warmupSteps: count.default(0),
  warmupRatio: z.number().min(0).max(1).default(0),
  seed: count.default(0),
  /** Evaluates and ends with a running average of the weights: avg = decay avg + (1 - decay) w. Off where absent. */
  emaDecay: z.number().min(0).lt(1).optional(),
  /** Host memory for activations of frozen layers, which are computed once per example where that saves work. */
  frozenActivationBytes: count.default(2 ** 30),
  evalStrategy: z.enum(['no', 'steps', 'epoch']).default('epoch'),
  evalSteps: positive.optional(),
  saveStrategy: z.enum(['no', 'steps', 'epoch']).optional(),
  saveSteps: positive.optional(),
  /** Checkpoints kept, the newest among them; the best one is kept beside them. */
  saveTotalLimit: positive.default(2),
  loadBestModelAtEnd: z.boolean().default(false),
  /** A metric of the evaluation, or `loss`. */
  metricForBestModel: z.string().default('loss'),
  greaterIsBetter: z.boolean().optional(),
  /** Evaluations without improvement before training stops; off where absent. */
  earlyStoppingPatience: positive.optional(),
  earlyStoppingThreshold: z.number().min(0).default(0),
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

/** When checkpoints are written: by `saveStrategy`, else every `saveSteps` where given, else after each epoch. */
export function saveStrategyOf({ saveStrategy, saveSteps }: TrainingArguments): 'no' | 'steps' | 'epoch' {
  return saveStrategy ?? (saveSteps === undefined ? 'epoch' : 'steps');
}
