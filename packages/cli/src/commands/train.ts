import { resolve } from 'node:path';
import { requireArguments, Trainer, type TrainerOptions, trainingArgumentsAmong } from '@attune/core';
import { inspectRunDirectory } from '@attune/core/internal';
import { nodeStorage } from '@attune/hub/node';
import { chosenBackend, requireAvailable } from '../backends.js';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import { counted, metricList } from '../figures.js';
import { runFieldOf } from '../run-fields.js';
import { interruptible } from '../signals.js';
import { commandTaskOf, type Prepared } from '../tasks/command-task.js';
import { requireFitting, requireMetric } from '../tasks/task-settings.js';
import { chosenEwc, chosenLwf, chosenSetFit, chosenStrategies } from './chosen-strategies.js';
import { generalData, replayData } from './general-data.js';
import { chosenTraining } from './kept-knowledge.js';
import { nextSteps } from './next-steps.js';
import { requireDirectoryPlace } from './output-place.js';
import { afterPretraining, requirePretraining } from './pretraining.js';
import { createProgress, type Progress } from './progress.js';
import { recordRun } from './run-record.js';
import { requireWriter, sampledCompletions } from './sampled-completions.js';
import { openStartingModel, type StartingModel } from './starting-model.js';
import type { TrainSettings } from './train-settings.js';

type Backend = TrainerOptions['backend'];

/** `attune train`: returns the exit code. What can be refused is refused before anything is tokenized or written. */
export async function train(settings: TrainSettings, context: CommandContext): Promise<number> {
  const { output, signal } = context;
  const backend = await chosenBackend(settings, output.note);
  const progress = createProgress(output);
  if (settings.search !== undefined) {
    const { search } = await import('./search.js');
    requireFitting(settings, settings.task);
    await requirePretraining(settings);
    await requireAvailable(backend);
    const prepareOne = async (own: TrainSettings) => {
      const start = await openStartingModel(own.model, own);
      const prepared = await prepare(own, start, progress, signal);
      const training = await chosenTraining(own, { backend, start, prepared, signal, warn: output.warn });
      return { start, prepared, training };
    };
    return search({ settings, backend, prepare: prepareOne }, context);
  }
  const { start, prepared } = await interruptible(signal, async () => {
    await requireRunnable(settings, backend);
    const start = await openStartingModel(settings.model, settings);
    if (start.note !== undefined) output.note(start.note);
    return { start, prepared: await prepare(settings, start, progress, signal) };
  });
  if (settings.pretrainOn === undefined || settings.dryRun) {
    return trainFrom(settings, { backend, start, prepared, progress, recorded: settings }, context);
  }
  const pretrained = await afterPretraining(settings, { backend, start, progress }, context);
  if (!pretrained) {
    const text = 'interrupted while pre-training; continue with the same command and --resume';
    output.result({ interrupted: true, stage: 'pretraining', output: settings.output }, text);
    return exitCodes.ok;
  }
  const again = await interruptible(signal, () => prepare(settings, pretrained, progress, signal));
  const from = { backend, start: pretrained, prepared: again, progress, recorded: settings };
  // The directory was looked at before, and holds the pretrained model now.
  return trainFrom({ ...settings, resume: true }, from, context);
}

interface Start {
  readonly backend: Backend;
  readonly start: StartingModel;
  readonly prepared: Prepared;
  readonly progress: Progress;
  /** The settings as they were given. */
  readonly recorded: TrainSettings;
}

/** Training for the task, from where it starts. */
async function trainFrom(
  settings: TrainSettings,
  { backend, start, prepared, progress, recorded }: Start,
  context: CommandContext,
): Promise<number> {
  const { output, signal } = context;
  const { model, evaluation } = prepared;
  for (const message of start.warnings) output.warn(message);
  const setFit = chosenSetFit(settings);
  if (setFit) {
    const { trainBySetFit } = await import('./train-by-set-fit.js');
    return trainBySetFit({ settings, options: setFit, backend, start, prepared, progress }, context);
  }
  requireMetric(settings.metricForBestModel, model.evaluator().metricNames ?? []);
  const training = await interruptible(signal, () =>
    chosenTraining(settings, { backend, start, prepared, signal, warn: output.warn }),
  );
  const completions = sampledCompletions(settings, model);
  await using trainer = new Trainer({
    model,
    ...training,
    ...(completions ? { logCompletions: completions } : {}),
    ...(evaluation ? { evaluation } : {}),
    backend,
    outputDir: settings.output,
    onEvent: recordRun(settings.output, recorded, output.warn),
    ...trainingArgumentsAmong(settings),
  });
  const { resume } = settings;
  const allowChange = settings.allowChange.map(runFieldOf);
  const { examples, warnings, recipe } = await interruptible(signal, () =>
    trainer.check({ resume, allowChange, signal }),
  );
  if (settings.findLearningRate) {
    for (const message of warnings) output.warn(message);
    const { reportLearningRate } = await import('./report-learning-rate.js');
    return reportLearningRate({ settings, backend, prepared, training, recipe }, context);
  }
  if (!settings.dryRun) return await run(settings, { trainer, prepared, start, progress }, context);
  for (const message of warnings) output.warn(message);
  output.result(
    { dryRun: true, labels: model.labels, examples },
    `${counted(examples, 'example')}${classesOf(prepared)}; the options are valid`,
  );
  return exitCodes.ok;
}

/** @throws AttuneError for what speaks against the run before its model and data are read */
async function requireRunnable(settings: TrainSettings, backend: Backend): Promise<void> {
  requireFitting(settings, settings.task);
  if (settings.samplePrompts !== undefined) requireWriter('samplePrompts', settings.task);
  if (!chosenSetFit(settings)) chosenStrategies(settings);
  chosenEwc(settings);
  chosenLwf(settings);
  generalData(settings);
  replayData(settings);
  await requirePretraining(settings);
  requireArguments(trainingArgumentsAmong(settings), { evaluation: settings.eval !== undefined, output: true });
  await requireDirectoryPlace(settings.output);
  await inspectRunDirectory(nodeStorage(resolve(settings.output)), settings.resume);
  await requireAvailable(backend);
}

function prepare(
  settings: TrainSettings,
  { directory, base }: StartingModel,
  progress: Progress,
  signal: AbortSignal,
): Promise<Prepared> {
  const { dropout, quantize, seed } = settings;
  return commandTaskOf(settings.task).prepare({
    directory,
    base,
    settings,
    load: {
      seed,
      ...(quantize === undefined ? {} : { quantize }),
      ...(dropout === undefined ? {} : { dropout: { hidden: dropout, attention: dropout, classifier: dropout } }),
    },
    watch: (file) => ({ signal, onProgress: progress.tokenizing(file) }),
  });
}

interface Run {
  readonly trainer: Trainer<unknown, never>;
  readonly prepared: Prepared;
  readonly start: StartingModel;
  readonly progress: Progress;
}

async function run(
  settings: TrainSettings,
  { trainer, prepared: { model, evaluation }, start, progress }: Run,
  { output, signal }: CommandContext,
): Promise<number> {
  const { resume } = settings;
  const allowChange = settings.allowChange.map(runFieldOf);
  const { adapter, merge } = trainer.adapted.adaptation;
  let endsWithBest = false;
  let evaluates = evaluation !== undefined;
  let metrics: Readonly<Record<string, number>> | undefined;
  const began = performance.now();
  const announce = () => output.note('finishing the step and saving a checkpoint');
  signal.addEventListener('abort', announce, { once: true });
  try {
    for await (const event of trainer.train({ signal, resume, allowChange })) {
      output.event({ ...event });
      progress.show(event);
      if (event.type === 'recipe') {
        endsWithBest = event.arguments.loadBestModelAtEnd;
        evaluates ||= event.heldOut > 0;
      }
      if (event.type === 'evaluation' && (event.best || !endsWithBest)) metrics = event.metrics;
      if (event.type === 'end' && event.reason === 'aborted') {
        output.result(
          { interrupted: true, step: event.step, output: settings.output },
          `interrupted; continue with the same command and --resume`,
        );
        return exitCodes.ok;
      }
      // Within the run, which holds the lock of the directory until this event is dealt with.
      if (event.type === 'end') {
        if (adapter) await start.writeBase();
        await trainer.save();
      }
    }
  } finally {
    signal.removeEventListener('abort', announce);
    progress.stop();
  }
  // A run that was finished before it was resumed has evaluated nothing.
  if (evaluates) metrics ??= await interruptible(signal, () => trainer.evaluate(undefined, signal));
  const seconds = (performance.now() - began) / 1000;
  const scores = metricList(metrics ?? {});
  output.result(
    { output: settings.output, labels: model.labels, metrics: metrics ?? null, seconds },
    `${settings.output} holds the ${adapter ? 'adapter' : 'model'}${scores === '' ? '' : `: ${scores}`} (${seconds.toFixed(0)} s)\n${nextSteps(settings, { isAdapter: adapter !== undefined, canMerge: merge !== undefined })}`,
  );
  return exitCodes.ok;
}

function classesOf({ model: { labels, problemType } }: Prepared): string {
  if (labels.length === 0) return '';
  return problemType === 'regression' ? ` of ${counted(labels.length, 'number')}` : ` of ${labels.length} classes`;
}
