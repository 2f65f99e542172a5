import { resolve } from 'node:path';
import { type Strategy, Trainer, type TrainerOptions } from '@attune/core';
import { directoryKind } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { AttuneError } from '@attune/ir';
import { full, head, lora } from '@attune/strategies';
import { backendOf } from '../backends.js';
import { exitCodes } from '../exit-codes.js';
import type { Output } from '../output.js';
import { commandTaskOf, type Prepared } from '../tasks/command-task.js';
import { requireFitting, requireMetric } from '../tasks/task-settings.js';
import { createProgress } from './progress.js';
import { onInterrupt } from './signals.js';
import type { TrainSettings } from './train-settings.js';

/** `attune train`: returns the exit code. */
export async function train(settings: TrainSettings, output: Output): Promise<number> {
  requireFitting(settings, settings.task);
  const backend = backendOf(settings.backend, settings.threads);
  const interruption = onInterrupt(output.note);
  try {
    const directory = nodeStorage(resolve(settings.model));
    if ((await directoryKind(directory)) === 'adapter') {
      throw new AttuneError('E_CONFIG', `${settings.model} is an adapter; training starts from a model.`, {
        field: 'model',
        hint: 'Merge it first: attune merge --model ADAPTER --output DIR.',
      });
    }
    const prepared = await prepare(settings, interruption.signal);
    requireMetric(settings.metricForBestModel, prepared.model.evaluator().metricNames ?? []);
    for (const message of prepared.warnings) output.warn(message);
    if (settings.dryRun) {
      output.result(
        { dryRun: true, labels: prepared.model.labels, examples: prepared.train.length },
        `${prepared.train.length} examples${classesOf(prepared)}; the options are valid`,
      );
      return exitCodes.ok;
    }
    return await run(settings, prepared, backend, interruption, output);
  } finally {
    interruption.dispose();
  }
}

function prepare(settings: TrainSettings, signal: AbortSignal): Promise<Prepared> {
  const { dropout, seed } = settings;
  return commandTaskOf(settings.task).prepare({
    directory: nodeStorage(resolve(settings.model)),
    settings,
    load: {
      seed,
      ...(dropout === undefined ? {} : { dropout: { hidden: dropout, attention: dropout, classifier: dropout } }),
    },
    signal,
  });
}

async function run(
  settings: TrainSettings,
  { model, train: dataset, evaluation }: Prepared,
  backend: TrainerOptions['backend'],
  interruption: ReturnType<typeof onInterrupt>,
  output: Output,
): Promise<number> {
  await using trainer = new Trainer({
    model,
    train: dataset,
    ...(evaluation ? { evaluation } : {}),
    strategy: strategyOf(settings),
    backend,
    outputDir: settings.output,
    ...trainingArguments(settings),
  });
  const progress = createProgress(output);
  let metrics: Readonly<Record<string, number>> | undefined;
  const start = performance.now();
  try {
    for await (const event of trainer.train({
      signal: interruption.signal,
      resume: settings.resume,
      allowChange: settings.allowChange,
    })) {
      output.event({ ...event });
      progress.show(event);
      if (event.type === 'evaluation') metrics = event.metrics;
      if (event.type === 'end' && event.reason === 'aborted') {
        output.result(
          { interrupted: true, step: event.step, output: settings.output },
          `interrupted; continue with the same command and --resume`,
        );
        return interruption.exitCode();
      }
    }
  } finally {
    progress.stop();
  }
  await trainer.save();
  const { adapter } = trainer.adapted.adaptation;
  const seconds = (performance.now() - start) / 1000;
  const scores = Object.entries(metrics ?? {}).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  output.result(
    { output: settings.output, labels: model.labels, metrics: metrics ?? null, seconds },
    `${settings.output} holds the ${adapter ? 'adapter' : 'model'}${scores.length > 0 ? `: ${scores.join(', ')}` : ''} (${seconds.toFixed(0)} s)`,
  );
  return exitCodes.ok;
}

const classesOf = ({ model: { labels } }: Prepared): string =>
  labels.length > 0 ? ` of ${labels.length} classes` : '';

function strategyOf({ strategy, loraR, loraAlpha, loraDropout, targetModules }: TrainSettings): Strategy {
  switch (strategy) {
    case 'full':
      return full();
    case 'head':
      return head();
    case 'lora':
      return lora({ r: loraR, alpha: loraAlpha, dropout: loraDropout, ...(targetModules ? { targetModules } : {}) });
  }
}

function trainingArguments(settings: TrainSettings) {
  const { maxSteps, saveSteps, evalSteps, earlyStoppingPatience } = settings;
  return {
    learningRate: settings.learningRate,
    numTrainEpochs: settings.epochs,
    perDeviceTrainBatchSize: settings.batchSize,
    perDeviceEvalBatchSize: settings.evalBatchSize,
    gradientAccumulationSteps: settings.gradientAccumulationSteps,
    weightDecay: settings.weightDecay,
    optim: settings.optimizer,
    maxGradNorm: settings.maxGradNorm,
    lrSchedulerType: settings.lrScheduler,
    warmupRatio: settings.warmupRatio,
    seed: settings.seed,
    saveTotalLimit: settings.saveTotalLimit,
    loadBestModelAtEnd: settings.loadBestModelAtEnd,
    metricForBestModel: settings.metricForBestModel,
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(saveSteps === undefined ? {} : { saveSteps }),
    ...(evalSteps === undefined ? {} : { evalSteps, evalStrategy: 'steps' as const }),
    ...(earlyStoppingPatience === undefined ? {} : { earlyStoppingPatience }),
  };
}
