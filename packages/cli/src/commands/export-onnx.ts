import { open } from 'node:fs/promises';
import { exportGraph } from '@attune/backend-onnx';
import { EXPORT_HEAD_BYTES, encodeModel, isExportedGraph } from '@attune/backend-onnx/internal';
import { inputNamesOf } from '@attune/core';
import { batchInput, traceForward } from '@attune/core/internal';
import { openTrainedModel } from '@attune/inference';
import type { CommandContext } from '../command-context.js';
import { interruptible } from '../signals.js';
import type { ExportSettings } from './export.js';
import { writeOutputFile } from './output-file.js';
import { requireFilePlace } from './output-place.js';

/** The graph with an adapter folded in. Rows and tokens stay open unless they are given. */
export async function exportOnnx(file: string, settings: ExportSettings, { output, signal }: CommandContext) {
  await requireFilePlace(file, { isOwn: isExported, overwrite: settings.overwrite, extensions: ['.onnx'] });
  const opened = await interruptible(signal, () => openTrainedModel(settings.model, settings));
  for (const message of opened.warnings) output.warn(message);
  const { model } = opened.loaded;
  const { batchSize = 'batch', maxLength, inputDtype = 'int64' } = settings;
  const programAt = (shape: readonly number[]) => {
    const [batch, tokens] = shape as [number, number];
    return traceForward({ model, batch: model.inputs({ batch, tokens }) }).program;
  };
  const graph = exportGraph(programAt, {
    parameters: opened.merged(),
    shape: [batchSize, maxLength === undefined ? 'tokens' : opened.lengthOf(maxLength)],
    int64Inputs: inputDtype === 'int64',
    names: new Map(inputNamesOf(model).map((name) => [batchInput(name), snakeCase(name)])),
  });
  await writeOutputFile(file, encodeModel(graph));
  const inputs = graph.inputs.map(({ name, type: { shape }, dimensions = shape }) => ({
    name,
    shape: dimensions,
    dtype: inputDtype,
  }));
  output.result(
    { output: file, inputs, outputs: graph.outputs.map(({ name }) => name) },
    `${file}: ${inputDtype} inputs ${inputs.map(({ name, shape }) => `${name} [${shape}]`).join(', ')}`,
  );
}

/** Whether a file is one that this command wrote. */
async function isExported(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(EXPORT_HEAD_BYTES), 0, EXPORT_HEAD_BYTES, 0);
  return isExportedGraph(buffer.subarray(0, bytesRead));
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
