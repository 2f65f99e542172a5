import { resolve } from 'node:path';
import { type Strategy, Trainer, type TrainerOptions } from '@attune/core';
import { leakageWarnings } from '@attune/data';
import { directoryKind } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { AttuneError } from '@attune/ir';
import { sequenceClassification } from '@attune/models';
import { full, head, lora } from '@attune/strategies';
import { backendOf } from '../backends.js';
import { exitCodes } from '../exit-codes.js';
import type { Output } from '../output.js';
import { encodeTextsOf, openTexts } from './classifier-data.js';
import { createProgress } from './progress.js';
import { onInterrupt } from './signals.js';
import type { TrainSettings } from './train-settings.js';

/** `attune train`: returns the exit code. */
export async function train(settings: TrainSettings, output: Output): Promise<number> {
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
    const { prepared, warnings } = await prepare(settings, interruption.signal);
    for (const message of warnings) {
      output.event({ type: 'warning', message });
      if (!output.json) output.note(`warning: ${message}`);
    }
    if (settings.dryRun) {
      output.result(
        { dryRun: true, labels: prepared.model.labels, examples: prepared.train.length },
        `${prepared.train.length} examples of ${prepared.model.labels.length} classes; the options are valid`,
      );
      return exitCodes.ok;
    }
    return await run(settings, prepared, backend, interruption, output);
  } finally {
    interruption.dispose();
  }
}

async function prepare(settings: TrainSettings, signal: AbortSignal) {
  const directory = nodeStorage(resolve(settings.model));
  const trainTexts = openTexts(settings.train, settings);
  const evalTexts = settings.eval === undefined ? undefined : openTexts(settings.eval, settings);
  const labels = await trainTexts.labels();
  const { dropout, maxLength, labelSmoothing, seed } = settings;
  const model = await sequenceClassification(directory, {
    labels,
    maxLength,
    labelSmoothing,
    seed,
    ...(dropout === undefined ? {} : { dropout: { hidden: dropout, attention: dropout, classifier: dropout } }),
  });
  signal.throwIfAborted();
  const encoded = await encodeTextsOf(trainTexts, model.tokenizer, labels, maxLength);
  const evaluation = evalTexts && (await encodeTextsOf(evalTexts, model.tokenizer, labels, maxLength));
  const skipped = await trainTexts.skipped();
  const warnings = [
    ...encoded.warnings,
    ...(evaluation?.warnings ?? []),
    ...(evalTexts ? await leakageWarnings(trainTexts, evalTexts) : []),
    ...(skipped.length > 0 ? [`${skipped.length} rows of ${settings.train} were skipped.`] : []),
  ];
  return { prepared: { model, train: encoded.dataset, evaluation: evaluation?.dataset }, warnings };
}

type Prepared = Awaited<ReturnType<typeof prepare>>['prepared'];

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
