import { basename, dirname, resolve } from 'node:path';
import { encodeModel, exportGraph } from '@attune/backend-onnx';
import { batchInput, traceForward } from '@attune/core';
import { writeFile } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { tensorType } from '@attune/ir';
import { z } from 'zod';
import type { CommandContext } from '../command-context.js';
import { flag, modelOption, number, positive, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import { openTrainedModel } from '../model-directory.js';
import type { Settings } from '../options.js';
import { interruptible } from '../signals.js';
import { requireFilePlace } from './output-place.js';

export const exportOptions = {
  model: modelOption,
  output: text(z.string(), 'the .onnx file to write'),
  batchSize: number(positive.optional(), 'rows of the inputs; any number by default'),
  maxLength: number(positive.optional(), "tokens of the inputs; any number up to the model's positions by default"),
  json: flag(z.boolean().default(false), 'prints the result as JSON'),
} as const;

/** `attune export`: the inference graph as ONNX, an adapter folded in. Rows and tokens stay open unless they are given. */
export async function exportModel(
  settings: Settings<typeof exportOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  await requireFilePlace(settings.output);
  const opened = await interruptible(signal, () => openTrainedModel(settings.model));
  const { model } = opened.loaded;
  const { batchSize = 'batch', maxLength } = settings;
  const programAt = (shape: readonly number[]) => {
    const type = tensorType(shape, 'i32');
    return traceForward({ model, batch: Object.fromEntries(model.inputNames.map((name) => [name, type])) }).program;
  };
  const graph = exportGraph(programAt, {
    parameters: opened.merged(),
    shape: [batchSize, maxLength === undefined ? 'tokens' : opened.lengthOf(maxLength)],
    names: new Map(model.inputNames.map((name) => [batchInput(name), snakeCase(name)])),
  });
  const file = resolve(settings.output);
  await writeFile(nodeStorage(dirname(file)), basename(file), encodeModel(graph));
  const inputs = graph.inputs.map(({ name, type: { shape, dtype }, dimensions = shape }) => ({
    name,
    shape: dimensions,
    dtype,
  }));
  output.result(
    { output: settings.output, inputs, outputs: graph.outputs.map(({ name }) => name) },
    `${settings.output}: inputs ${inputs.map(({ name, shape }) => `${name} [${shape}]`).join(', ')}`,
  );
  return exitCodes.ok;
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
