import { availableParallelism } from 'node:os';
import { trainedTaskNames } from '@attune/tasks/internal';
import { z } from 'zod';
import { backendNames } from './backends.js';
import { argument, flag, list, number, onlyFor, paths, record, text } from './options.js';

const positive = z.number().int().positive();

/** Options about data files that several commands share, beside those of tasks. */
export const dataOptions = {
  textColumn: text(z.string().default('text'), 'column of the texts'),
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
  task: text(z.enum(trainedTaskNames).optional(), 'what the model does; what its directory says by default'),
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

export const chatTemplateOption = text(
  z.string().optional(),
  "a file with the chat template, in Jinja; the model's own by default",
);

export const modelOption = text(z.string(), 'a model directory, or an adapter directory that names its base');

export { argument, flag, list, number, onlyFor, paths, positive, record, text };
