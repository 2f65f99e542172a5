import { openTrainedModel } from '@attune/inference';
import type { Backend } from '@attune/ir';
import { z } from 'zod';
import { type AnswerRecord, columnsByRow, recordJson, recordLines } from '../answer-records.js';
import { chosenBackend } from '../backends.js';
import type { CommandContext } from '../command-context.js';
import {
  baseOption,
  dataOptions,
  flag,
  modelOption,
  runOptions,
  text,
  trainedModelOptions,
} from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { withPipe } from '../piped-input.js';
import { interruptible } from '../signals.js';
import { commandTaskOf, type Predictions } from '../tasks/command-task.js';
import { asksByItself, requireFitting, taskOptions } from '../tasks/task-settings.js';
import { ensembleOption, predictTogether } from './ensemble.js';
import { withDevice } from './open-device.js';
import { createProgress } from './progress.js';
import { recordOptions, recordTarget } from './record-target.js';
import { skippedRows } from './skipped-rows.js';

export const predictOptions = {
  model: modelOption,
  base: baseOption,
  data: text(z.string().optional(), 'a file of texts or questions; - for standard input, a text a line'),
  ...dataOptions,
  ...taskOptions('predict'),
  ...trainedModelOptions,
  ensemble: ensembleOption,
  ...recordOptions,
  keepColumns: flag(z.boolean().default(false), "answers carry the columns of the input's rows"),
  ...runOptions,
} as const;

/** `attune predict`: labels with probabilities, entities with their places, answers, or tokens for masks. */
export async function predict(
  given: Settings<typeof predictOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  const settings = withPipe(given, asksByItself(given));
  const { data, piped } = settings;
  const target = await recordTarget(settings);
  const backend = await chosenBackend(settings, output.note);
  const source = piped?.name ?? data;
  const columns = settings.keepColumns ? await interruptible(signal, () => columnsByRow(data, settings)) : undefined;
  const batchSize = source === undefined ? 1 : settings.batchSize;
  const request = { ...settings, batchSize };
  const found =
    settings.ensemble.length > 0
      ? await interruptible(signal, () => predictTogether(request, { backend, signal }))
      : await predictAlone(request, { backend, source, output, signal });
  const { answers, faults, skipped, warnings } = found;
  for (const message of warnings) output.warn(message);
  if (skipped.length > 0) output.warn(skippedRows(skipped, source));
  for (const { row, fault } of faults) output.warn(`row ${row} is not answered: ${fault.message}`);
  const records = [
    ...answers.map(({ row, shown }): AnswerRecord => ({ row, ...shown, columns: columns?.get(row ?? 0) })),
    ...faults.map(({ row, fault: { code, message } }): AnswerRecord => {
      return { row, columns: columns?.get(row ?? 0), json: {}, error: { code, message } };
    }),
  ].sort((a, b) => (a.row ?? 0) - (b.row ?? 0));
  if (target) {
    await target.write(recordLines(records, target.format));
    await target.close({ answered: answers.length, failed: faults.length, skipped: skipped.length }, output);
  } else {
    const single = source === undefined && records[0] ? recordJson(records[0]) : undefined;
    const left = skipped.length > 0 ? { skipped: skipped.map(({ line: row, problem }) => ({ row, problem })) } : {};
    const text = answers.map(({ row, shown }) => (row === undefined ? shown.text : `${row}: ${shown.text}`));
    output.result(single ?? { predictions: records.map(recordJson), ...left }, text.join('\n'));
  }
  return faults.length > 0 && settings.onBadRow === 'error' ? exitCodes.invalid : exitCodes.ok;
}

interface Asked extends Pick<CommandContext, 'output' | 'signal'> {
  readonly backend: Backend;
  /** What answers are asked for, if it is not the command line itself. */
  readonly source: string | undefined;
}

/** What one model answers. */
async function predictAlone(
  settings: Settings<typeof predictOptions>,
  { backend, source, output, signal }: Asked,
): Promise<Predictions> {
  const opened = await interruptible(signal, () => openTrainedModel(settings.model, settings));
  for (const message of opened.warnings) output.warn(message);
  requireFitting(settings, opened.task.name);
  const request = { ...settings, maxLength: opened.lengthOf(settings.maxLength) };
  const watch = { signal, onProgress: createProgress(output).tokenizing(source ?? 'the text') };
  return withDevice(opened, { backend, batchSize: settings.batchSize, signal }, (context) =>
    interruptible(signal, () => commandTaskOf(opened.task.name).predict(opened.loaded, request, context, watch)),
  );
}
