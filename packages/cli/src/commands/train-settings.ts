import { lrSchedulerTypes, optimizerNames } from '@attune/core';
import { problemTypes, quantizations } from '@attune/models';
import { adapterMethods } from '@attune/strategies';
import { z } from 'zod';
import {
  baseOption,
  dataOptions,
  flag,
  list,
  modelOption,
  number,
  positive,
  record,
  runOptions,
  text,
} from '../common-options.js';
import type { Settings } from '../options.js';
import { commandTaskNames } from '../tasks/names.js';

const count = z.number().int().nonnegative();
/** In [0, 1). */
const fraction = z.number().min(0).lt(1);
const named = z.record(z.string(), z.unknown());

export const trainOptions = {
  model: modelOption,
  base: baseOption,
  task: text(z.enum(commandTaskNames).default('sequence-classification'), 'what the model is to do'),
  problemType: text(
    z.enum(problemTypes).optional(),
    'what labels of texts mean; single_label_classification by default',
  ),
  train: text(z.string(), 'training data: CSV, TSV, JSON Lines, CoNLL or lines of text, by the task'),
  eval: text(z.string().optional(), 'evaluation data; a share of the training data by default'),
  holdOutShare: number(
    z.number().min(0).lt(1).optional(),
    'share of the training data kept for evaluation without --eval, 0 for none; 0.1 of 200 rows and more by default',
  ),
  ...dataOptions,
  strategy: text(
    z.enum(['full', 'head', ...adapterMethods.map(({ name }) => name)]).default('lora'),
    'what trains: all weights, the head alone, or an adapter and the head',
  ),
  strategyOptions: record(named.optional(), 'further options of the adapter, by their names in @attune/strategies'),
  loraR: number(positive.optional(), 'rank of LoRA and DoRA; 8 by default'),
  loraAlpha: number(z.number().positive().optional(), 'alpha of LoRA and DoRA; 8 by default'),
  loraDropout: number(z.number().min(0).lt(1).optional(), 'dropout of LoRA and DoRA; 0 by default'),
  targetModules: text(
    z.union([z.string().min(1), z.array(z.string())]).optional(),
    'layers that the adapter changes: names a,b,c, all-linear, or a regular expression; query and value by default',
  ),
  epochs: number(z.number().positive().optional(), 'passes over the data; by their size by default'),
  maxSteps: number(positive.optional(), 'ends after this many steps'),
  learningRate: number(
    z.number().positive().optional(),
    'peak learning rate; by the strategy and the model by default',
  ),
  lrScheduler: text(z.enum(lrSchedulerTypes).default('linear'), 'shape of the learning rate over time'),
  warmupRatio: number(z.number().min(0).max(1).optional(), 'share of the steps that warm up; 0.1 by default'),
  warmupSteps: number(count.optional(), 'steps that warm up, in place of a share'),
  weightDecay: number(z.number().min(0).optional(), 'weight decay, not on biases and norms; 0.01 by default'),
  classWeights: text(
    z.enum(['balanced', 'none']).optional(),
    'balanced gives rare classes more weight in the loss; none by default',
  ),
  optimizer: text(z.enum(optimizerNames).default('adamw'), 'the optimizer'),
  adamBeta1: number(fraction.optional(), 'decay of the first moment; 0.9 by default'),
  adamBeta2: number(fraction.optional(), 'decay of the second moment; 0.999 by default'),
  adamEpsilon: number(z.number().positive().optional(), 'added to the root of the second moment; 1e-8 by default'),
  optimArgs: record(named.optional(), 'further options of the optimizer'),
  lrSchedulerKwargs: record(named.optional(), 'further options of the learning rate schedule'),
  emaDecay: number(fraction.optional(), 'evaluates and ends with a running average of the weights of this decay'),
  maxGradNorm: number(z.number().min(0).default(1), 'gradients are clipped to this norm; 0 is off'),
  labelSmoothing: number(z.number().min(0).lt(1).default(0), 'share of the target spread over all classes'),
  rDrop: number(
    z.number().nonnegative().optional(),
    'weight of R-Drop: how much two passes with other dropout have to agree; 1 to 5 suit, off by default',
  ),
  labelAllTokens: flag(z.boolean().default(false), 'labels all pieces of a word in place of the first'),
  mlmProbability: number(z.number().gt(0).lt(1).optional(), 'share of the tokens that are masked; 0.15 by default'),
  quantize: text(
    z.enum(quantizations).optional(),
    'keeps the base in few bits while an adapter trains: nf4, 4-bit normal floats of bitsandbytes',
  ),
  dropout: number(z.number().min(0).lt(1).optional(), "dropout in place of the model's own rates"),
  batchSize: number(positive.optional(), 'examples per step; by the size of the data by default'),
  evalBatchSize: number(positive.default(64), 'examples per evaluation batch'),
  gradientAccumulationSteps: number(positive.default(1), 'micro-batches per step'),
  autoFindBatchSize: flag(
    z.boolean().default(false),
    'halves the micro-batch and doubles their number while the device lacks memory; a step keeps its examples',
  ),
  seed: number(z.number().int().nonnegative().default(0), 'seed of everything random'),
  output: text(z.string(), 'directory of the finished model and of checkpoints'),
  saveStrategy: text(
    z.enum(['no', 'steps', 'epoch']).optional(),
    'when checkpoints are saved: no (only when interrupted), steps or epoch; at some ends of epochs by default',
  ),
  saveSteps: number(positive.optional(), 'steps between checkpoints'),
  saveTotalLimit: number(positive.default(2), 'checkpoints kept'),
  evalSteps: number(positive.optional(), 'steps between evaluations; at most ten in all by default'),
  evalStrategy: text(z.enum(['no', 'steps', 'epoch']).optional(), 'when to evaluate; steps by default'),
  earlyStoppingThreshold: number(z.number().min(0).optional(), 'what counts as an improvement; any by default'),
  earlyStoppingPatience: number(count.optional(), 'evaluations without improvement before stopping, 0 for never'),
  loadBestModelAtEnd: flag(
    z.boolean().optional(),
    'ends with the best weights instead of the last; by default if 200 rows or more are evaluated',
  ),
  metricForBestModel: text(z.string().optional(), "what best means: loss or a metric; the task's main one by default"),
  greaterIsBetter: text(
    z.union([z.stringbool(), z.boolean()]).optional(),
    'whether more of the metric is better: true or false; by its name by default',
  ),
  frozenActivationBytes: number(count.optional(), 'memory for activations of frozen layers; 1 GiB by default'),
  resume: flag(z.boolean().default(false), 'goes on from the newest checkpoint that is whole'),
  allowChange: list(z.array(z.string()).default([]), 'settings that may differ from those of the checkpoint'),
  dryRun: flag(z.boolean().default(false), 'checks options and data and stops before training'),
  ...runOptions,
} as const;

export type TrainSettings = Settings<typeof trainOptions>;
