import { type MergeChange, mergeChange, openTrainedModel, type SavedModel, writeMerged } from '@attune/inference';
import { isAttuneError } from '@attune/ir';
import { z } from 'zod';
import { backendOf } from '../backends.js';
import type { CommandContext } from '../command-context.js';
import { baseOption, flag, modelOption, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { interruptible } from '../signals.js';
import { newDirectory } from './output-place.js';

export const mergeOptions = {
  model: modelOption,
  base: baseOption,
  output: text(z.string(), 'directory of the merged model'),
  json: flag(z.boolean().default(false), 'prints the result as JSON'),
} as const;

/** `attune merge`: an adapter folded into its base, as a plain model directory. */
export async function merge(
  settings: Settings<typeof mergeOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  const written = await newDirectory(settings.output);
  const opened = await interruptible(signal, () => openTrainedModel(settings.model, settings));
  for (const message of opened.warnings) output.warn(message);
  const merged = opened.merged();
  const model = { ...opened, merged: () => merged };
  await written((target) => writeMerged(target, model));
  const outputChange = opened.kind === 'adapter' ? await interruptible(signal, () => changeOf(model, output)) : null;
  output.result(
    { output: settings.output, outputChange },
    `${settings.output} holds the merged model${told(outputChange)}`,
  );
  return exitCodes.ok;
}

/** Null if nothing here can compute it, which does not make the merged model any worse. */
async function changeOf(model: SavedModel, output: CommandContext['output']): Promise<MergeChange | null> {
  try {
    return await mergeChange(model, backendOf('onnx'));
  } catch (error) {
    if (!isAttuneError(error)) throw error;
    output.note(`outputs before and after merging are not compared: ${error.message}`);
    return null;
  }
}

const told = (change: MergeChange | null): string =>
  change === null
    ? ''
    : `; on a probe of 16 tokens its outputs differ by at most ${change.largest.toExponential(1)} from the adapter's (the largest is ${change.largestOutput.toPrecision(3)})`;
