/** `attune train --strategy setfit`: the encoder learns from pairs, then a head is fitted. */
import { type SetFitOptions, trainSetFit } from '@attune/compare';
import { type Trainer, trainingArgumentsAmong } from '@attune/core';
import { isTexts } from '@attune/data';
import { AttuneError, type Backend } from '@attune/ir';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import { counted, metricList } from '../figures.js';
import { runFieldOf } from '../run-fields.js';
import { interruptible } from '../signals.js';
import type { Prepared } from '../tasks/command-task.js';
import { nextSteps } from './next-steps.js';
import type { Progress } from './progress.js';
import { recordRun } from './run-record.js';
import type { StartingModel } from './starting-model.js';
import type { TrainSettings } from './train-settings.js';

interface SetFitRun {
  readonly settings: TrainSettings;
  readonly options: SetFitOptions;
  readonly backend: Backend;
  readonly start: StartingModel;
  readonly prepared: Prepared;
  readonly progress: Progress;
}

/** Settings that nothing here reads. */
const unread: readonly string[] = [
  ...[
    'quantize',
    'dropout',
    'rDrop',
    'focalGamma',
    'classWeights',
    'balancedSampling',
    'replay',
    'holdOutShare',
    'evalStrategy',
    'evalSteps',
  ],
  ...['loadBestModelAtEnd', 'earlyStoppingPatience', 'metricForBestModel'],
];

/** @throws AttuneError `E_CONFIG` for a task or settings that it has no use for, and as `trainSetFit` */
export async function trainBySetFit(
  { settings, options, backend, start, prepared, progress }: SetFitRun,
  { output, signal }: CommandContext,
): Promise<number> {
  const { model, train, evaluation } = prepared;
  const { resume, maxLength } = settings;
  if (!isTexts(train) || model.problemType !== 'single_label_classification') {
    throw new AttuneError('E_CONFIG', 'setfit is for texts with one label each.', { field: 'strategy' });
  }
  const all: Readonly<Record<string, unknown>> = settings;
  const given = unread.find((name) => all[name] !== undefined && all[name] !== false);
  if (given !== undefined) {
    throw new AttuneError('E_CONFIG', `${given} is given, and setfit does not read it.`, { field: given });
  }
  if (settings.findLearningRate) {
    const message = '--find-learning-rate is for the other strategies: setfit has a rate of its own.';
    throw new AttuneError('E_CONFIG', message, { field: 'findLearningRate' });
  }
  const examples = await interruptible(signal, () => train.toArray());
  if (settings.dryRun) {
    output.result(
      { dryRun: true, labels: model.labels, examples: examples.length },
      `${counted(examples.length, 'example')} of ${model.labels.length} classes; the options are valid`,
    );
    return exitCodes.ok;
  }
  const began = performance.now();
  const record = recordRun(settings.output, settings, output.warn);
  const announce = () => output.note('finishing the step and saving a checkpoint');
  signal.addEventListener('abort', announce, { once: true });
  let trainer: Trainer<unknown, never> | undefined;
  try {
    trainer = await trainSetFit({
      model: start.directory,
      examples,
      labels: model.labels,
      backend,
      maxLength,
      options,
      training: trainingArgumentsAmong(settings),
      outputDir: settings.output,
      train: { signal, resume, allowChange: settings.allowChange.map(runFieldOf) },
      onEvent(event) {
        record(event);
        output.event({ ...event });
        progress.show(event);
      },
    });
  } finally {
    signal.removeEventListener('abort', announce);
    progress.stop();
  }
  if (!trainer) {
    output.result(
      { interrupted: true, output: settings.output },
      'interrupted; continue with the same command and --resume',
    );
    return exitCodes.ok;
  }
  await using classifier = trainer;
  await classifier.save();
  const metrics = evaluation && (await interruptible(signal, () => classifier.evaluate(evaluation, signal)));
  const seconds = (performance.now() - began) / 1000;
  const scores = metricList(metrics ?? {});
  output.result(
    { output: settings.output, labels: model.labels, metrics: metrics ?? null, seconds },
    `${settings.output} holds the model${scores === '' ? '' : `: ${scores}`} (${seconds.toFixed(0)} s)\n${nextSteps(settings, { isAdapter: false, canMerge: false })}`,
  );
  return exitCodes.ok;
}
