/** What `--help` of a command shows: its options in groups, with choices and defaults, and examples. */
import { type TrainingArgument, trainingArguments } from '@attune/core';
import { Option } from 'commander';
import { z } from 'zod';
import type { OptionSpec, OptionTable } from './options.js';

const REQUIRED = 'Required:';
const FURTHER = 'Further options:';
const WRITING = 'Writing:';

/** Groups in the order in which they are shown. What a command needs stands in a group of its own before them. */
const groups: Readonly<Record<string, readonly string[]>> = {
  [REQUIRED]: [],
  'What to answer:': [...['text', 'question', 'context', 'data', 'prompt', 'system']],
  'Data:': [
    ...['eval', 'holdOutShare', 'textColumn', 'textPairColumn', 'labelColumn', 'labelSeparator', 'labels'],
    ...['tokensColumn', 'tagsColumn', 'questionColumn', 'contextColumn', 'answersColumn', 'delimiter', 'quote'],
    ...['noHeader', 'onBadRow', 'maxLength', 'docStride', 'labelAllTokens', 'mlmProbability'],
    ...['assistantOnlyLoss', 'completionOnlyLoss', 'packing'],
    ...['general', 'generalLabels', 'replay', 'replayLabels', 'replayShare', 'pretrainOn', 'pretrainOptions'],
  ],
  'Model and strategy:': [
    ...[
      'task',
      'problemType',
      'base',
      'ensemble',
      'chatTemplate',
      'strategy',
      'strategyOptions',
      'set',
      'loraR',
      'loraAlpha',
      'loraDropout',
      'targetModules',
      'quantize',
      'dropout',
    ],
    ...['aggregationStrategy', 'handleImpossibleAnswer', 'maxAnswerLength', 'topK', 'pooling', 'noNormalize'],
  ],
  [WRITING]: [],
  'Serving:': [],
  'Optimization:': [
    ...[
      'numTrainEpochs',
      'maxSteps',
      'learningRate',
      'perDeviceTrainBatchSize',
      'batchSize',
      'gradientAccumulationSteps',
      'autoFindBatchSize',
    ],
    ...['lrSchedulerType', 'lrSchedulerKwargs', 'warmupRatio', 'warmupSteps', 'optim', 'optimArgs', 'adamBeta1'],
    ...[
      'adamBeta2',
      'adamEpsilon',
      'weightDecay',
      'maxGradNorm',
      'labelSmoothing',
      'rDrop',
      'focalGamma',
      'classWeights',
      'balancedSampling',
    ],
    ...['emaDecay', 'seed'],
  ],
  'Evaluation and saving:': [
    ...[
      'evalStrategy',
      'evalSteps',
      'perDeviceEvalBatchSize',
      'metricForBestModel',
      'greaterIsBetter',
      'loadBestModelAtEnd',
    ],
    ...['calibrate', 'generate', 'generationBatchSize', 'bleuTokenize', 'samplePrompts'],
    ...[
      'tokenAccuracy',
      'earlyStoppingPatience',
      'earlyStoppingThreshold',
      'saveStrategy',
      'saveSteps',
      'saveTotalLimit',
    ],
  ],
  'Output:': ['output', 'format', 'dtype', 'adapterOnly', 'keepColumns', 'overwrite', 'inputDtype'],
  [FURTHER]: [],
  'Run:': [
    'resume',
    'allowChange',
    'dryRun',
    'findLearningRate',
    'search',
    'backend',
    'threads',
    'gradientCheckpointing',
    'frozenActivationBytes',
    'config',
    'json',
    'help',
  ],
};

const order = Object.keys(groups);

/** The group of an option, and its place there. */
function placeOf(name: string, spec: OptionSpec): { readonly group: string; readonly place: number } {
  if (!z.safeParse(spec.schema, undefined).success) return { group: REQUIRED, place: 0 };
  const found = Object.entries(groups).find(([, each]) => each.includes(name));
  const [group, names] = spec.group === undefined && found ? found : [spec.group ?? groupOfArgument(name), []];
  return { group, place: (names.indexOf(name) + 1000) % 1000 };
}

/** Where a training argument stands that no group lists. */
function groupOfArgument(name: string): string {
  const argument: TrainingArgument | undefined = argumentTable[name];
  if (!argument) return FURTHER;
  return /^(eval|save|log)/.test(name) || argument.role === 'evaluation' ? 'Evaluation and saving:' : 'Optimization:';
}

const argumentTable: Readonly<Record<string, TrainingArgument>> = trainingArguments;

export const groupOf = (name: string, spec: OptionSpec): string => placeOf(name, spec).group;

/** The options of a command, in the order of their groups. */
export function inGroups(table: OptionTable): readonly (readonly [string, OptionSpec])[] {
  const key = ([name, spec]: readonly [string, OptionSpec]) => {
    const { group, place } = placeOf(name, spec);
    return order.indexOf(group) * 1000 + place;
  };
  return Object.entries(table).sort((a, b) => key(a) - key(b));
}

/** An option that every command has, in the last group. */
export const runOption = (flags: string, description: string): Option =>
  new Option(flags, description).helpGroup('Run:');

/** The description with the values that an option takes and what it is by default. */
export function describeOption({ schema, description }: OptionSpec): string {
  const { enum: whole, anyOf = [], default: value } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const choices = whole ?? anyOf.find((each) => typeof each === 'object' && each.enum)?.enum;
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  const isShown = value !== undefined && value !== false && !isEmpty;
  const facts = [
    ...(choices ? [`one of ${choices.join(', ')}`] : []),
    ...(isShown ? [`default: ${typeof value === 'object' ? JSON.stringify(value) : value}`] : []),
  ];
  return facts.length === 0 ? description : `${description} (${facts.join('; ')})`;
}

const examples: Readonly<Record<string, readonly string[]>> = {
  train: [
    'attune train --model models/base --train train.csv --label-column intent --output runs/intents',
    'attune train --model models/base --train train.csv --eval dev.csv --strategy full --epochs 5 --output runs/full',
    'attune train --task token-classification --model models/base --train train.conll --output runs/entities',
  ],
  evaluate: ['attune evaluate --model runs/intents --data test.csv --label-column intent'],
  predict: [
    'attune predict --model runs/intents --text "I lost my card"',
    'attune predict --model runs/intents --data new.csv --output answers.csv --keep-columns',
    'cat lines.txt | attune predict --model runs/intents --format jsonl',
  ],
  generate: [
    'attune generate --model models/llama --prompt "Once upon a time"',
    'attune generate --model runs/voice --prompt "Dear customer," --temperature 0.7 --seed 1',
    'attune generate --model models/llama --prompt "The answer as JSON: " --json-schema answer.json',
  ],
  chat: [
    'attune chat --model models/llama --system "You are brief."',
    'echo "Who are you?" | attune chat --model runs/voice --temperature 0.7',
  ],
  serve: [
    'attune serve --model models/llama --port 8000',
    'attune serve --model models/llama --adapters formal=runs/formal,casual=runs/casual',
  ],
  embed: [
    'attune embed --model models/base --text "I lost my card"',
    'attune embed --model models/base --data texts.csv --output vectors.jsonl',
  ],
  data: ['attune data preview talks.jsonl --model models/smollm2 --assistant-only-loss'],
  merge: ['attune merge --model runs/intents --output models/intents'],
  combine: ['attune combine --adapters runs/formal,runs/brief --weights 0.7,0.3 --output runs/both'],
  export: ['attune export --model runs/intents --output intents.onnx'],
  inspect: ['attune inspect runs/intents'],
  vectors: [
    'attune vectors train --train texts.txt --output vectors.txt',
    'attune vectors similar --vectors vectors.txt --word river',
    'attune vectors analogy --vectors vectors.txt --words man,king,woman',
    'attune vectors convert --vectors glove.6B.50d.txt --output models/glove',
  ],
};

/** The examples of a command, as they stand below its options. */
export function examplesOf(command: string): string {
  const lines = examples[command] ?? [];
  if (lines.length === 0) return '';
  return `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
