import { basename, dirname, resolve } from 'node:path';
import { encodeModel, exportGraph } from '@attune/backend-onnx';
import { batchInput, traceForward } from '@attune/core';
import { writeFile } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { tensorType } from '@attune/ir';
import { z } from 'zod';
import { flag, modelOption, number, positive, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import { openModel } from '../model-directory.js';
import type { Settings } from '../options.js';
import type { Output } from '../output.js';

export const exportOptions = {
  model: modelOption,
  output: text(z.string(), 'the .onnx file to write'),
  batchSize: number(positive.default(1), 'rows of the inputs'),
  maxLength: number(positive.default(128), 'tokens of the inputs'),
  json: flag(z.boolean().default(false), 'prints the result as JSON'),
} as const;

/** `attune export`: the inference graph as ONNX, an adapter folded in. Inputs have a fixed shape. */
export async function exportModel(settings: Settings<typeof exportOptions>, output: Output): Promise<number> {
  const opened = await openModel(settings.model);
  const { model } = opened.loaded;
  const batch = Object.fromEntries(
    model.inputNames.map((name) => [name, tensorType([settings.batchSize, settings.maxLength], 'i32')]),
  );
  const { program } = traceForward({ model, batch });
  const names = new Map([...model.inputNames.map((name) => [batchInput(name), snakeCase(name)] as const)]);
  const graph = exportGraph(program, opened.merged(), names);
  const file = resolve(settings.output);
  await writeFile(nodeStorage(dirname(file)), basename(file), encodeModel(graph));
  const inputs = graph.inputs.map(({ name, type }) => ({ name, shape: type.shape, dtype: type.dtype }));
  output.result(
    { output: settings.output, inputs, outputs: graph.outputs.map(({ name }) => name) },
    `${settings.output}: inputs ${inputs.map(({ name, shape }) => `${name} [${shape}]`).join(', ')}`,
  );
  return exitCodes.ok;
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
