import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { verifyCheckpoint } from '@attune/core/internal';
import {
  directoryKind,
  openSafetensors,
  openWeights,
  readModelConfig,
  type StoredEntry,
  safetensorsBytes,
  type TensorSource,
} from '@attune/hub';
import { isPickled, modelRecipe, unsafeFormat } from '@attune/hub/internal';
import { nodeModelDirectory, nodeStorage } from '@attune/hub/node';
import { AttuneError, elementCount } from '@attune/ir';
import { modelTypes } from '@attune/models/internal';
import { openAdapter } from '@attune/strategies';
import { z } from 'zod';
import type { CommandContext } from '../command-context.js';
import { argument, reportOptions } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { formatTable, type Output } from '../output.js';
import { interruptible } from '../signals.js';

export const inspectOptions = {
  path: argument(z.string(), 'a directory or a safetensors file'),
  ...reportOptions,
} as const;

/** `attune inspect`: what a model, adapter, checkpoint or safetensors file holds. */
export async function inspect(
  { path }: Settings<typeof inspectOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  return interruptible(signal, () => show(path, output));
}

async function show(path: string, output: Output): Promise<number> {
  const full = resolve(path);
  const parent = nodeStorage(dirname(full));
  const found = await stat(full).catch(() => undefined);
  if (!found) throw new AttuneError('E_FILE_MISSING', `There is no ${path}.`, { file: path });
  if (!found.isFile() && !found.isDirectory()) {
    throw new AttuneError('E_CONFIG', `${path} is neither a file nor a directory.`, { file: path, field: 'path' });
  }
  if (found.isFile() && isPickled(path)) throw unsafeFormat(path, modelRecipe);
  if (found.isFile()) return showTensors('file', await openSafetensors(parent, basename(full)), {}, output);
  const storage = nodeModelDirectory(full);
  switch (await directoryKind(storage)) {
    case 'adapter': {
      const { config, tensors, method, options } = await openAdapter(storage);
      const chosen = Object.entries(options).filter(([, value]) => isOn(value));
      return showTensors(
        'adapter',
        tensors,
        { base: config.base_model_name_or_path, method: method.name, ...Object.fromEntries(chosen) },
        output,
      );
    }
    case 'checkpoint': {
      const verdict = await verifyCheckpoint(parent, basename(full));
      if (!verdict.valid)
        throw new AttuneError('E_CHECKPOINT', `${path} is not a whole checkpoint: ${verdict.problem}.`, { file: path });
      const { step, created, files } = verdict.manifest;
      output.result(
        { kind: 'checkpoint', path, step, created, files },
        `checkpoint of step ${step}, made ${created}; every file verifies`,
      );
      return exitCodes.ok;
    }
    case 'model': {
      const config = await readModelConfig(storage, modelTypes);
      return showTensors(
        'model',
        await openWeights(storage),
        { modelType: config.model_type, architectures: config.architectures },
        output,
      );
    }
    case 'unknown':
      throw new AttuneError('E_FILE_MISSING', `${path} holds neither a model, an adapter nor a checkpoint.`, {
        file: path,
      });
  }
}

function showTensors(
  kind: string,
  source: TensorSource,
  facts: Readonly<Record<string, unknown>>,
  output: Output,
): number {
  const tensors = source.names.map((name) => ({ name, ...pick(source, name) }));
  const parameters = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const bytes = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  output.result(
    { kind, path: source.name, ...facts, parameters, bytes, tensors },
    [
      `${kind} ${source.name}`,
      ...Object.entries(facts).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
      formatTable(tensors.map(({ name, dtype, packed, shape }) => [name, packed?.type ?? dtype, `[${shape}]`])),
      `${tensors.length} tensors, ${parameters.toLocaleString('en')} elements, ${bytes.toLocaleString('en')} bytes`,
    ].join('\n'),
  );
  return exitCodes.ok;
}

function pick(source: TensorSource, name: string) {
  const { dtype, shape, packed } = source.entry(name);
  return { dtype, shape, ...(packed ? { packed } : {}) };
}

/** Whether an option says more than that something is off. */
const isOn = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value) && value !== 'none';

const bytesOf = ({ shape, dtype, packed }: Pick<StoredEntry, 'shape' | 'dtype' | 'packed'>): number =>
  packed?.bytes ?? elementCount(shape) * safetensorsBytes[dtype];
