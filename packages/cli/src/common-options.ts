import { z } from 'zod';
import { flag, list, number, text } from './options.js';

const positive = z.number().int().positive();

/** Options about data files that several commands share. */
export const dataOptions = {
  textColumn: text(z.string().default('text'), 'column of the texts'),
  textPairColumn: text(z.string().optional(), 'column of a second text'),
  labelColumn: text(z.string().default('label'), 'column of the labels'),
  delimiter: text(z.string().optional(), 'separator of columns; a tab for .tsv files, else a comma'),
  noHeader: flag(z.boolean().default(false), 'the file has no header; columns are called 1, 2, …'),
  onBadRow: text(z.enum(['error', 'skip']).default('error'), 'what to do with unusable rows: error or skip'),
  maxLength: number(positive.default(128), 'tokens kept of each text'),
} as const;

export const runOptions = {
  backend: text(z.enum(['onnx', 'reference', 'webgpu', 'tfjs']).default('onnx'), 'what computes: onnx or reference'),
  threads: number(positive.optional(), 'threads of one run; all cores by default'),
  json: flag(z.boolean().default(false), 'one JSON object per line on standard output; the last one is the result'),
} as const;

export const modelOption = text(z.string(), 'a model directory, or an adapter directory that names its base');

export { flag, list, number, positive, text };
