import type { EvaluationDetails } from '@attune/core';
import { evaluateDataset } from '@attune/core/internal';
import { openTrainedModel } from '@attune/inference';
import { AttuneError } from '@attune/ir';
import { percentage } from '@attune/tasks';
import { z } from 'zod';
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
import { counted, metricList } from '../figures.js';
import type { Settings } from '../options.js';
import { formatTable } from '../output.js';
import { interruptible } from '../signals.js';
import { commandTaskOf } from '../tasks/command-task.js';
import { requireFitting, taskOptions } from '../tasks/task-settings.js';
import { type Calibration, calibrate, requireCalibrable } from './calibrate.js';
import { ensembleOption, evaluateTogether } from './ensemble.js';
import { generateAnswers, generatedAnswerOptions, requireGenerating, shownAnswers } from './generated-answers.js';
import { withDevice } from './open-device.js';
import { createProgress } from './progress.js';

export const evaluateOptions = {
  model: modelOption,
  base: baseOption,
  data: text(z.string(), 'labelled data, as for training'),
  ...dataOptions,
  ...taskOptions('evaluate'),
  ...trainedModelOptions,
  ensemble: ensembleOption,
  calibrate: flag(
    z.boolean().default(false),
    'fits a temperature on the data, so that probabilities can be believed, and keeps it with the model',
  ),
  ...generatedAnswerOptions,
  ...runOptions,
} as const;

/** `attune evaluate`: the metrics of the task, a table per class, and the most frequent confusions. */
export async function evaluate(
  settings: Settings<typeof evaluateOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  const backend = await chosenBackend(settings, output.note);
  if (settings.ensemble.length > 0) {
    requireNothingElse(settings);
    const found = await interruptible(signal, () => evaluateTogether(settings, { backend, signal }));
    const { metrics, details, examples, warnings } = found;
    for (const message of warnings) output.warn(message);
    output.result({ ...metrics, examples, ...details }, summaryOf(metrics, details, examples));
    return exitCodes.ok;
  }
  const opened = await interruptible(signal, () => openTrainedModel(settings.model, settings));
  for (const message of opened.warnings) output.warn(message);
  requireFitting(settings, opened.task.name);
  requireGenerating(settings, opened.task.name);
  if (settings.calibrate) requireCalibrable(opened);
  const maxLength = opened.lengthOf(settings.maxLength);
  const { batchSize, data } = settings;
  return withDevice(opened, { backend, batchSize, signal }, async (context) => {
    const task = commandTaskOf(opened.task.name);
    const onProgress = createProgress(output).tokenizing(data);
    const { model, dataset, rows, warnings } = await interruptible(signal, () =>
      task.prepareEvaluation(opened.loaded, { ...settings, maxLength }, { signal, onProgress }),
    );
    for (const message of warnings) output.warn(message);
    const evaluator = model.evaluator();
    const metrics = await evaluateDataset(dataset, { ...context, objective: model.objective }, evaluator);
    const details = evaluator.details?.();
    const calibration = settings.calibrate ? await calibrate(opened, dataset, context) : undefined;
    const written = settings.generate
      ? await interruptible(signal, () => generateAnswers(settings, opened, context))
      : undefined;
    const all = { ...metrics, ...written?.metrics };
    const summary = [
      ...(written ? [shownAnswers(written.answers)] : []),
      summaryOf(all, details, rows),
      ...(calibration ? [shownCalibration(calibration)] : []),
    ];
    const answers = written ? { answers: written.answers } : {};
    output.result({ ...all, examples: rows, ...details, ...calibration, ...answers }, summary.join('\n'));
    return exitCodes.ok;
  });
}

/** @throws AttuneError `E_CONFIG` for what one model does alone */
function requireNothingElse({ calibrate, generate }: Settings<typeof evaluateOptions>): void {
  if (!calibrate && !generate) return;
  const field = calibrate ? 'calibrate' : 'generate';
  const hint = 'Leave one of them out.';
  throw new AttuneError('E_CONFIG', `ensemble and ${field} do not go together.`, { field, hint });
}

const shownCalibration = ({ temperature, calibrationError: { before, after } }: Calibration): string =>
  `temperature ${temperature.toFixed(3)}, kept with the model: calibration error ${percentage(before)} before, ${percentage(after)} now`;

function summaryOf(
  metrics: Readonly<Record<string, number>>,
  details: EvaluationDetails | undefined,
  examples: number,
): string {
  return [
    ...classTable(details?.perClass ?? []),
    ...numberTable(details?.perNumber ?? []),
    ...confusionTable(details?.confusions ?? []),
    `${metricList(metrics)} on ${counted(examples, 'example')}`,
  ].join('\n');
}

const figure = (value: number) => value.toFixed(4);

function classTable(classes: NonNullable<EvaluationDetails['perClass']>): readonly string[] {
  if (classes.length === 0) return [];
  const rows = classes.map(({ label, precision, recall, f1, support }) => [
    ...[label, figure(precision), figure(recall), figure(f1)],
    String(support),
  ]);
  return [formatTable([['label', 'precision', 'recall', 'F1', 'support'], ...rows])];
}

function numberTable(numbers: NonNullable<EvaluationDetails['perNumber']>): readonly string[] {
  if (numbers.length === 0) return [];
  const names = ['number', 'mean squared error', 'mean absolute error', 'pearson', 'spearman'];
  const rows = numbers.map(({ label, meanSquaredError, meanAbsoluteError, pearson, spearman }) => [
    label,
    ...[meanSquaredError, meanAbsoluteError, pearson, spearman].map(figure),
  ]);
  return [formatTable([names, ...rows]), ''];
}

/** The most frequent wrong answers. */
function confusionTable(confusions: NonNullable<EvaluationDetails['confusions']>): readonly string[] {
  if (confusions.length === 0) return [];
  const rows = confusions.slice(0, 10).map(({ label, predicted, count }) => [label, predicted, String(count)]);
  return ['', formatTable([['most confused', 'taken for', 'times'], ...rows]), ''];
}
