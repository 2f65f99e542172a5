import { quantizations } from '@attune/models/internal';
import { adapterMethods, plainStrategies } from '@attune/strategies';
import { defaultTask, trainedTaskNames } from '@attune/tasks/internal';
import { z } from 'zod';
import {
  baseOption,
  dataOptions,
  flag,
  list,
  modelOption,
  number,
  paths,
  positive,
  record,
  runOptions,
  text,
} from '../common-options.js';
import type { Settings } from '../options.js';
import { taskOptions } from '../tasks/task-settings.js';
import { trainingArgumentOptions } from '../training-argument-options.js';
import { EWC, LWF, SET_FIT } from './chosen-strategies.js';
import { generalOptions, replayOptions } from './general-data.js';
import { pretrainingOptions } from './pretraining.js';

const named = z.record(z.string(), z.unknown());

const strategyName = z.enum([...[...plainStrategies, ...adapterMethods].map(({ name }) => name), EWC, LWF, SET_FIT]);
/** In config files: a strategy with its options. */
const strategyEntry = z.looseObject({ name: strategyName });

export const trainOptions = {
  model: modelOption,
  base: baseOption,
  task: text(z.enum(trainedTaskNames).default(defaultTask.name), 'what the model is to do'),
  train: text(z.string(), 'training data: CSV, TSV, JSON Lines, CoNLL or lines of text, by the task'),
  eval: text(z.string().optional(), 'evaluation data; a share of the training data by default'),
  ...dataOptions,
  ...taskOptions('train'),
  strategy: text(
    z.union([strategyName, strategyEntry, z.array(z.union([strategyName, strategyEntry])).min(1)]).default('lora'),
    'what trains and how: all weights, the head, biases, top layers, layer by layer, or an adapter; several compose. setfit is for a few texts of each class',
  ),
  set: paths(
    z.record(z.string(), named).default({}),
    'any setting by its path: learningRate=1e-4, optimArgs.momentum=0.9, or an option of a strategy: lora.r=8',
  ),
  strategyOptions: record(named.optional(), 'further options of the adapter, by their names in @attune/strategies'),
  loraR: number(positive.optional(), 'rank of LoRA and DoRA; 8 by default'),
  loraAlpha: number(z.number().positive().optional(), 'alpha of LoRA and DoRA; 8 by default'),
  loraDropout: number(z.number().min(0).lt(1).optional(), 'dropout of LoRA and DoRA; 0 by default'),
  targetModules: text(
    z.union([z.string().min(1), z.array(z.string())]).optional(),
    'layers that the adapter changes: names a,b,c, all-linear, or a regular expression; query and value by default',
  ),
  quantize: text(
    z.enum(quantizations).optional(),
    'keeps the base in few bits while an adapter trains: nf4, 4-bit normal floats; int8, bytes with a scale for each row; stored, the blocks of a GGUF file',
  ),
  ...generalOptions('ewc binds what the model needs for it'),
  ...replayOptions,
  ...pretrainingOptions,
  ...trainingArgumentOptions,
  dropout: number(z.number().min(0).lt(1).optional(), "dropout in place of the model's own rates"),
  output: text(z.string(), 'directory of the finished model and of checkpoints'),
  resume: flag(z.boolean().default(false), 'goes on from the newest checkpoint that is whole'),
  allowChange: list(z.array(z.string()).default([]), 'settings that may differ from those of the checkpoint'),
  findLearningRate: flag(
    z.boolean().default(false),
    'raises the rate from step to step and says which suits, in place of training',
  ),
  samplePrompts: text(
    z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
    'a prompt that the model answers at each evaluation, to look at; may be given several times',
  ),
  search: text(
    z.union([z.string(), z.array(z.string())]).optional(),
    'values of a setting that are tried, by its path, such as lora.r=4,8,16; several times for combinations. All train a little, the best to the end',
  ),
  dryRun: flag(z.boolean().default(false), 'checks options and data and stops before training'),
  ...runOptions,
} as const;

export type TrainSettings = Settings<typeof trainOptions>;
