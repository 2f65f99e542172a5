import { open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { exportGraph } from '@attune/backend-onnx';
import { EXPORT_HEAD_BYTES, encodeModel, isExportedGraph } from '@attune/backend-onnx/internal';
import { inputNamesOf } from '@attune/core';
import { batchInput, traceForward } from '@attune/core/internal';
import { openTrainedModel } from '@attune/inference';
import { z } from 'zod';
import type { CommandContext } from '../command-context.js';
import { baseOption, flag, modelOption, number, positive, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { interruptible } from '../signals.js';
import { writeOutputFile } from './output-file.js';
import { requireFilePlace } from './output-place.js';

export const exportOptions = {
  model: modelOption,
  base: baseOption,
  output: text(z.string(), 'the .onnx file to write, or a directory for model.onnx'),
  batchSize: number(positive.optional(), 'rows of the inputs; any number by default'),
  maxLength: number(positive.optional(), "tokens of the inputs; any number up to the model's positions by default"),
  inputDtype: text(
    z.enum(['int64', 'int32']).default('int64'),
    'type of the inputs: int64, as Hugging Face tokenizers give, or int32',
  ),
  overwrite: flag(z.boolean().default(false), 'replaces a file ending in .onnx that attune did not write'),
  json: flag(z.boolean().default(false), 'prints the result as JSON'),
} as const;

/** `attune export`: the inference graph as ONNX, an adapter folded in. Rows and tokens stay open unless they are given. */
export async function exportModel(
  settings: Settings<typeof exportOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  const file = await outputFile(settings.output);
  await requireFilePlace(file, { isOwn: isExported, overwrite: settings.overwrite, extensions: [EXTENSION] });
  const opened = await interruptible(signal, () => openTrainedModel(settings.model, settings));
  for (const message of opened.warnings) output.warn(message);
  const { model } = opened.loaded;
  const { batchSize = 'batch', maxLength } = settings;
  const programAt = (shape: readonly number[]) => {
    const [batch, tokens] = shape as [number, number];
    return traceForward({ model, batch: model.inputs({ batch, tokens }) }).program;
  };
  const graph = exportGraph(programAt, {
    parameters: opened.merged(),
    shape: [batchSize, maxLength === undefined ? 'tokens' : opened.lengthOf(maxLength)],
    int64Inputs: settings.inputDtype === 'int64',
    names: new Map(inputNamesOf(model).map((name) => [batchInput(name), snakeCase(name)])),
  });
  await writeOutputFile(file, encodeModel(graph));
  const inputs = graph.inputs.map(({ name, type: { shape }, dimensions = shape }) => ({
    name,
    shape: dimensions,
    dtype: settings.inputDtype,
  }));
  output.result(
    { output: file, inputs, outputs: graph.outputs.map(({ name }) => name) },
    `${file}: ${settings.inputDtype} inputs ${inputs.map(({ name, shape }) => `${name} [${shape}]`).join(', ')}`,
  );
  return exitCodes.ok;
}

const EXTENSION = '.onnx';

/** A name that ends in .onnx is a file; any other is a directory, which gets model.onnx, unless it is a file already. */
async function outputFile(path: string): Promise<string> {
  if (path.toLowerCase().endsWith(EXTENSION)) return path;
  const found = await stat(resolve(path)).catch(() => undefined);
  return found && !found.isDirectory() ? path : join(path, `model${EXTENSION}`);
}

/** Whether a file is one that this command wrote. */
async function isExported(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(EXPORT_HEAD_BYTES), 0, EXPORT_HEAD_BYTES, 0);
  return isExportedGraph(buffer.subarray(0, bytesRead));
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
