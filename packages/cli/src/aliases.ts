/** Other names of options and of their values: those that are taken, and those that people know from elsewhere. */

import { type TrainingArgument, trainingArguments } from '@attune/core';
import { trainedTasks } from '@attune/tasks/internal';

const table: Readonly<Record<string, TrainingArgument>> = trainingArguments;

/** The shorter names of training arguments: their flags, unless the whole name is given. */
export const shortNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(table).flatMap(([name, { short }]) => (short === undefined ? [] : [[name, short]])),
);

/**
 * Names that are taken in place of an option's own, as flags and in config files: short ones of training arguments, and
 * those of transformers' example scripts.
 */
export const aliases: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(shortNames).map(([name, short]) => [short, name])),
  labelSmoothingFactor: 'labelSmoothing',
  maxSeqLength: 'maxLength',
  modelNameOrPath: 'model',
  trainFile: 'train',
  validationFile: 'eval',
  outputDir: 'output',
  textColumnName: 'textColumn',
  labelColumnName: 'labelColumn',
};

/** Names that are not taken, as they could mean more than one thing, and the options that are meant most often. */
const namesElsewhere: Readonly<Record<string, readonly string[]>> = {
  learningRate: ['lr', 'rate', 'stepSize'],
  numTrainEpochs: ['epoch', 'numEpochs', 'nEpochs', 'maxEpochs'],
  perDeviceTrainBatchSize: ['batch', 'bs', 'trainBatchSize', 'miniBatchSize'],
  batchSize: ['batch', 'bs'],
  perDeviceEvalBatchSize: ['evalBatch', 'validationBatchSize'],
  gradientAccumulationSteps: ['gradAccum', 'gradientAccumulation', 'accumulationSteps'],
  weightDecay: ['wd', 'decay', 'l2'],
  warmupRatio: ['warmup'],
  lrSchedulerType: ['scheduler', 'schedule'],
  maxGradNorm: ['clip', 'gradClip', 'clipNorm', 'gradientClipping'],
  earlyStoppingPatience: ['patience', 'earlyStopping'],
  loadBestModelAtEnd: ['best', 'keepBest', 'saveBest'],
  train: ['data', 'trainData', 'trainingData', 'dataset', 'input'],
  eval: ['validation', 'val', 'dev', 'test', 'evalData', 'evalFile', 'evaluation', 'testFile'],
  data: ['train', 'eval', 'test', 'file', 'input', 'inputFile', 'dataset'],
  output: ['out', 'outDir', 'outputDirectory', 'saveTo', 'dest', 'outputFile'],
  model: ['base', 'baseModel', 'checkpoint', 'pretrained', 'adapter', 'name'],
  path: ['model'],
  maxLength: ['maxLen', 'maxSeqLen', 'seqLen', 'sequenceLength', 'maxTokens'],
  loraR: ['r', 'rank', 'loraRank'],
  loraAlpha: ['alpha'],
  strategy: ['method', 'peft', 'peftType', 'finetuning', 'tuner'],
  targetModules: ['targets', 'loraTarget', 'loraTargetModules'],
  textColumn: ['textField', 'textKey', 'inputColumn'],
  labelColumn: ['labelField', 'labelKey', 'target', 'targetColumn'],
  delimiter: ['sep', 'separator'],
  resume: ['resumeFromCheckpoint', 'continue'],
  dryRun: ['check', 'validate'],
  backend: ['device', 'runtime', 'accelerator'],
  threads: ['cpus', 'workers', 'numThreads', 'cores'],
  seed: ['randomSeed', 'randomState'],
};

/** The option of a table that another name stands for. */
export function knownElsewhere(name: string, table: Readonly<Record<string, unknown>>): string | undefined {
  const found = Object.entries(namesElsewhere).find(
    ([option, names]) => Object.hasOwn(table, option) && names.includes(name),
  );
  return found?.[0];
}

/** Values of options as they are called elsewhere: by transformers' pipelines, PEFT and other tools. */
const valuesElsewhere: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  task: Object.fromEntries(Object.values(trainedTasks).map(({ name, aliases }) => [name, aliases])),
  problemType: {
    single_label_classification: ['single', 'multiclass', 'multi-class', 'binary'],
    multi_label_classification: ['multi', 'multilabel', 'multi-label'],
  },
  strategy: {
    lora: ['peft', 'adapter', 'qlora'],
    full: ['finetune', 'fine-tune', 'full-finetuning', 'all'],
    head: ['linear', 'linear-probe', 'linear-probing', 'probe', 'frozen', 'freeze', 'classifier'],
  },
  backend: {
    onnx: ['cpu', 'ort', 'onnxruntime', 'onnxruntime-node'],
    tfjs: ['tensorflow', 'tf', 'tensorflow.js'],
    webgpu: ['gpu', 'metal', 'vulkan', 'dawn'],
    'tfjs:node-gpu': ['cuda', 'nvidia'],
    'tfjs:wasm': ['wasm'],
  },
  optim: { adamw: ['adamw_hf', 'adamw_torch_fused', 'adamw_8bit', 'adamw-torch'] },
};

/** What a value of an option is called here. */
export function valueElsewhere(option: string, value: string): string | undefined {
  const names = Object.hasOwn(valuesElsewhere, option) ? valuesElsewhere[option] : undefined;
  return Object.entries(names ?? {}).find(([, others]) => others.includes(value.toLowerCase()))?.[0];
}

/** Two names that were given for one option. */
export interface AliasClash {
  readonly one: string;
  readonly other: string;
  readonly option: string;
}

/** Fields under the names of options. */
export interface NamedFields {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly clashes: readonly AliasClash[];
  /** How a field was called where it was given. */
  readonly givenName: (option: string) => string;
}

/**
 * The fields under the options' own names.
 * @param tables the first that knows a name decides: what is short for an argument of one command may be an option of
 * another
 */
export function withoutAliases(
  fields: Readonly<Record<string, unknown>>,
  ...tables: readonly Readonly<Record<string, unknown>>[]
): NamedFields {
  const optionOf = (name: string): string => {
    const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
    for (const table of tables) {
      if (Object.hasOwn(table, name)) return name;
      if (alias !== undefined && Object.hasOwn(table, alias)) return alias;
    }
    return name;
  };
  const given = new Map<string, string>();
  const clashes: AliasClash[] = [];
  const named: [string, unknown][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const option = optionOf(name);
    const other = given.get(option);
    if (other !== undefined) clashes.push({ one: other, other: name, option });
    given.set(option, name);
    named.push([option, value]);
  }
  return { fields: Object.fromEntries(named), clashes, givenName: (option) => given.get(option) ?? option };
}
