import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { backendNames } from './backends.js';
import { argument, flag, list, number, paths, record, text } from './options.js';
import { commandTaskNames } from './tasks/names.js';

const positive = z.number().int().positive();
const count = z.number().int().nonnegative();

const names = z.union([z.string(), z.array(z.string().min(1)).min(1)], 'a name, or a list of names, is needed');

/** Options about data files that several commands share. */
export const dataOptions = {
  textColumn: text(z.string().default('text'), 'column of the texts'),
  textPairColumn: text(z.string().optional(), 'column of a second text'),
  labelColumn: text(names.default('label'), 'column of the labels, or columns a,b,c of one number each'),
  labelSeparator: text(
    z.string().min(1).optional(),
    'stands between several labels or numbers of a text; | by default',
  ),
  tokensColumn: text(z.string().optional(), 'field or CoNLL column of the tokens; tokens or the first by default'),
  tagsColumn: text(z.string().optional(), 'field or CoNLL column of the tags; tags or the last by default'),
  questionColumn: text(z.string().optional(), 'field of the questions; question by default'),
  contextColumn: text(z.string().optional(), 'field of the contexts; context by default'),
  answersColumn: text(z.string().optional(), 'field of the answers; answers by default'),
  docStride: number(count.optional(), 'tokens that windows over a long context share; a third of them by default'),
  labels: list(
    z.array(z.string().min(1)).min(1).optional(),
    'names of the classes or tags, in the order of their numbers, or of the numbers of a regression',
  ),
  delimiter: text(
    z.string().optional(),
    'separator of columns, or tab, comma, semicolon; found in the header by default',
  ),
  quote: text(z.string().optional(), 'stands around values that hold delimiters, or none; " by default'),
  noHeader: flag(z.boolean().default(false), 'the file has no header; columns are called 1, 2, …'),
  onBadRow: text(z.enum(['error', 'skip']).default('error'), 'what to do with unusable rows'),
  maxLength: number(
    positive.optional(),
    "tokens kept of each text; the trained model's own, 128, or 384 for questions",
  ),
} as const;

/** Options of evaluation and prediction with a trained model. */
export const trainedModelOptions = {
  task: text(z.enum(commandTaskNames).optional(), 'what the model does; what its directory says by default'),
  maxAnswerLength: number(positive.optional(), 'the longest answer in tokens; 30 by default'),
  batchSize: number(positive.default(64), 'examples per batch'),
} as const;

const json = flag(
  z.boolean().default(false),
  'one JSON object per line on standard output; the last one is the result',
);
const cores = availableParallelism();

/** Options of commands that only report. */
export const reportOptions = { json } as const;

export const runOptions = {
  backend: text(z.enum(backendNames).default('onnx'), 'what computes; auto measures what is there'),
  threads: number(
    positive.refine((threads) => threads <= cores, `this machine has ${cores} cores`).optional(),
    'threads of one run; all cores by default',
  ),
  json,
} as const;

/** Of commands that take an adapter for a model. */
export const baseOption = text(
  z.string().optional(),
  'directory of the base model, for an adapter; the one that the adapter names by default',
);

export const modelOption = text(z.string(), 'a model directory, or an adapter directory that names its base');

export { argument, flag, list, number, paths, positive, record, text };
