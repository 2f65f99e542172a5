import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ggufDTypes } from '@attune/hub/internal';
import { z } from 'zod';
import type { CommandContext } from '../command-context.js';
import { baseOption, flag, modelOption, number, positive, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { requireOptionsOf } from './export-options.js';

const formats = ['onnx', 'gguf'] as const;

export const exportOptions = {
  model: modelOption,
  base: baseOption,
  output: text(z.string(), 'the .onnx or .gguf file to write, or a directory for model.onnx or model.gguf'),
  format: text(
    z.enum(formats).optional(),
    'onnx, or gguf for llama.cpp and Ollama; as the output ends, else onnx, by default',
  ),
  dtype: text(z.enum(ggufDTypes).optional(), 'how gguf stores matrices: f16 by default, f32, q8_0 or q4_0'),
  adapterOnly: flag(z.boolean().default(false), 'gguf of a LoRA adapter without its base'),
  batchSize: number(positive.optional(), 'rows of the inputs of onnx; any number by default'),
  maxLength: number(
    positive.optional(),
    "tokens of the inputs of onnx; any number up to the model's positions by default",
  ),
  inputDtype: text(
    z.enum(['int64', 'int32']).optional(),
    'type of the inputs of onnx: int64, the default, as Hugging Face tokenizers give, or int32',
  ),
  overwrite: flag(z.boolean().default(false), 'replaces a file of that ending that attune did not write'),
  json: flag(z.boolean().default(false), 'prints the result as JSON'),
} as const;

export type ExportSettings = Settings<typeof exportOptions>;

/** `attune export`: a trained model for other programs, its adapter folded in. */
export async function exportModel(settings: ExportSettings, context: CommandContext): Promise<number> {
  const format = settings.format ?? formats.find((own) => settings.output.toLowerCase().endsWith(`.${own}`)) ?? 'onnx';
  requireOptionsOf(format, settings);
  const file = await outputFile(settings.output, format);
  if (format === 'gguf') await (await import('./export-gguf.js')).exportGguf(file, settings, context);
  else await (await import('./export-onnx.js')).exportOnnx(file, settings, context);
  return exitCodes.ok;
}

/** A name with the format's ending is a file; any other is a directory, unless it is a file already. */
async function outputFile(path: string, format: string): Promise<string> {
  if (path.toLowerCase().endsWith(`.${format}`)) return path;
  const found = await stat(resolve(path)).catch(() => undefined);
  return found && !found.isDirectory() ? path : join(path, `model.${format}`);
}
