/** `npm run evaluate:base`: fine-tunes every model on every task with every seed, and keeps what is done. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onnx } from '@attune/backend-onnx';
import { Trainer } from '@attune/core';
import { type LoadedModel, type TaskModel, taskModel } from '@attune/models';
import { sequenceClassificationTask, tokenClassificationTask } from '@attune/tasks';
import { type EvaluationTask, readTask, type TaskName, tasks } from './evaluation-data.js';
import { type EvaluatedModel, evaluatedModels, type ModelName } from './evaluation-models.js';
import { type EvaluationResult, resultKey } from './evaluation-table.js';

export interface EvaluateOptions {
  readonly base: string;
  readonly shared: string;
  /** A JSON file; runs that are in it are not done again. */
  readonly results: string;
  readonly seeds: number;
  readonly models: readonly ModelName[];
  readonly tasks: readonly TaskName[];
  /** Rows of the data and steps of training, for a trial. */
  readonly take?: number | undefined;
  readonly threads?: number | undefined;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** All results so far; fewer than asked for where the signal came first. */
export async function evaluate(options: EvaluateOptions): Promise<readonly EvaluationResult[]> {
  const { results: file, signal, log } = options;
  const results: EvaluationResult[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  const done = new Set(results.map(resultKey));
  const models = evaluatedModels(options.base, options.shared);
  for (let seed = 0; seed < options.seeds; seed++) {
    for (const task of options.tasks) {
      for (const model of options.models) {
        if (done.has(resultKey({ task, model, seed }))) continue;
        const start = performance.now();
        const score = await measure(models[model], task, seed, options);
        if (score === undefined || signal.aborted) return results;
        const seconds = (performance.now() - start) / 1000;
        results.push({ task, model, seed, score, seconds });
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
        log(`${task} ${model} seed ${seed}: ${(100 * score).toFixed(2)} (${seconds.toFixed(0)} s)`);
      }
    }
  }
  return results;
}

/** The score on the test part; undefined where the signal came first. */
async function measure(
  { load, strategy, learningRate, epochFactor }: EvaluatedModel,
  name: TaskName,
  seed: number,
  { shared, take, threads, signal }: EvaluateOptions,
): Promise<number | undefined> {
  const task = tasks[name];
  const data = await readTask(name, join(shared, 'data'), take);
  const model = await classifierOf(await load({ task: task.kind, labels: data.labels, seed }), task);
  const { train, test } = await data.encode(model.tokenizer, task.maxLength);
  await using trainer = new Trainer({
    model,
    train,
    strategy,
    backend: onnx(threads === undefined ? {} : { threads }),
    learningRate,
    numTrainEpochs: task.epochs * epochFactor,
    ...(take === undefined ? {} : { maxSteps: Math.ceil(take / task.batchSize) }),
    perDeviceTrainBatchSize: task.batchSize,
    perDeviceEvalBatchSize: 64,
    warmupRatio: 0.1,
    weightDecay: 0.01,
    evalStrategy: 'no',
    seed,
  });
  for await (const event of trainer.train({ signal })) {
    if (event.type === 'end' && event.reason === 'aborted') return undefined;
  }
  return (await trainer.evaluate(test, signal))[task.metric];
}

const classifierOf = (loaded: LoadedModel, { kind, maxLength }: EvaluationTask): Promise<TaskModel<unknown, never>> =>
  kind === sequenceClassificationTask.name
    ? taskModel(loaded, sequenceClassificationTask, { maxLength })
    : taskModel(loaded, tokenClassificationTask, { maxLength });
