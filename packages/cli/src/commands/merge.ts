import { resolve } from 'node:path';
import { entriesOf, whileLocked } from '@attune/core/internal';
import { isModelDraft, removeModelDrafts } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';
import { openTrainedModel, writeMerged } from '@attune/inference';
import { AttuneError } from '@attune/ir';
import { z } from 'zod';
import type { CommandContext } from '../command-context.js';
import { baseOption, flag, modelOption, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { interruptible } from '../signals.js';
import { requireDirectoryPlace } from './output-place.js';

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
  await requireDirectoryPlace(settings.output);
  const target = nodeStorage(resolve(settings.output));
  await requireEmpty(target, settings.output);
  const opened = await interruptible(signal, () => openTrainedModel(settings.model, settings));
  for (const message of opened.warnings) output.warn(message);
  await whileLocked(target, async () => {
    await requireEmpty(target, settings.output);
    await removeModelDrafts(target);
    await writeMerged(target, opened);
  });
  output.result({ output: settings.output }, `${settings.output} holds the merged model`);
  return exitCodes.ok;
}

/** But for what an interrupted merge left there. @throws AttuneError `E_OUTPUT_EXISTS` */
async function requireEmpty(target: ReturnType<typeof nodeStorage>, path: string): Promise<void> {
  if ((await entriesOf(target)).every(isModelDraft)) return;
  throw new AttuneError('E_OUTPUT_EXISTS', `${path} is not empty.`, { file: path, hint: 'Choose another directory.' });
}
