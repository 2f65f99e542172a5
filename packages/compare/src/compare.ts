/** Methods side by side, on a user's own data: trained under one budget, measured on data that none has seen. */
import { argmaxOf, classificationReport } from '@attune/core';
import type { TextDataset, TextExample } from '@attune/data';
import type { Storage } from '@attune/hub';
import { hashFile, sha256Of } from '@attune/hub/internal';
import { AttuneError, type Backend, isAttuneError } from '@attune/ir';
import { calibrationError, errorWithTemperature } from './calibration.js';
import { type DeliveredModel, deliver, keepCandidate } from './deliver.js';
import { type EarlierTask, type Forgetting, openEarlierTask } from './forgetting.js';
import type { Method, MethodTask, TrainedMethod } from './method.js';
import { planOf } from './plan.js';
import { type Recommendation, recommend } from './recommend.js';
import { type ComparedFacts, readResults, writeResults } from './record.js';
import { type LeftOut, type Result, type Run, sameRun } from './result.js';
import { requireShots, type Shots, sampleOf } from './sample.js';

export interface CompareOptions {
  /** One label each. */
  readonly train: TextDataset;
  readonly test: TextDataset;
  readonly methods: readonly Method[];
  /** Sizes of training samples; all data by default. */
  readonly shots?: readonly Shots[];
  /** Trainings of each method and size; 1 by default. */
  readonly seeds?: number;
  /** No training goes on longer; unlimited by default. */
  readonly minutes?: number | undefined;
  readonly backend: Backend;
  /** The directory of the pretrained model. */
  readonly model?: Storage | undefined;
  /**
   * What shows how much the pretrained model forgets: texts in general, for the perplexity of its own language model, or with
   * labels the data of a task that it was trained for, for the accuracy there.
   */
  readonly general?: TextDataset | undefined;
  /** Tokens kept of each text; 128 by default. */
  readonly maxLength?: number | undefined;
  /** Where results are kept: the same call goes on where it was stopped. */
  readonly output: Storage;
  readonly signal?: AbortSignal;
  /** Bytes that the process has now. */
  readonly memory?: () => number;
}

export type CompareEvent =
  | { readonly type: 'plan'; readonly runs: number; readonly done: number }
  | ({ readonly type: 'run'; readonly secondsLeft: number | undefined } & Run)
  | ({ readonly type: 'result' } & Result)
  | ({ readonly type: 'leftOut' } & LeftOut)
  | ({ readonly type: 'end' } & Comparison);

export interface Comparison {
  readonly recommended: Recommendation;
  /** What the recommended method learned; absent if the method saves no model. */
  readonly model?: DeliveredModel;
  /** Why forgetting is not measured, if `general` was given for it. */
  readonly forgettingUnknown?: string;
  readonly results: readonly Result[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Compares methods. Each result is kept as it comes, so that a process that is killed loses the run it was in. A method
 * that fails is left out, with its reason. The recommended method's model comes into the directory `model` of the output.
 * @throws AttuneError `E_CONFIG` if a method has no model or if the minutes are not enough for one method, `E_DATA_LABELS`
 * for too few examples of a class and for labels of the test data that training does not have, `E_OUTPUT_EXISTS`,
 * `E_LOCKED`, `E_DISK`; the signal's reason
 */
export async function* compare(options: CompareOptions): AsyncGenerator<CompareEvent, void, undefined> {
  const { output } = options;
  const unlock = await output.lock(LOCK);
  try {
    yield* compareInto(options);
  } finally {
    await unlock();
  }
}

async function* compareInto(options: CompareOptions): AsyncGenerator<CompareEvent, void, undefined> {
  const { methods, shots = ['all'], seeds = 1, output, signal, minutes } = options;
  const began = performance.now();
  const data = await comparedData(options, shots);
  const facts = await factsOf(data, options);
  const kept = await readResults(output, facts);
  const plan = planOf({ methods: methods.map(({ name }) => name), shots, seeds });
  const done = kept.filter((result) => plan.some((run) => sameRun(run, result)));
  yield { type: 'plan', runs: plan.length, done: done.length };
  const earlier = await earlierTaskOf(options);
  const leftOut: LeftOut[] = [];
  const budget = minutes === undefined ? undefined : began + 60_000 * minutes;
  for (const run of plan) {
    if (done.some((result) => sameRun(result, run))) continue;
    const method = methods.find(({ name }) => name === run.method);
    if (!method) continue;
    signal?.throwIfAborted();
    const secondsLeft = budget === undefined ? undefined : Math.max(0, (budget - performance.now()) / 1000);
    yield { type: 'run', ...run, secondsLeft };
    const before = [...kept.filter((result) => !done.includes(result)), ...done];
    const found = await runWithin({ method, run, data, options, secondsLeft, before, earlier });
    if ('reason' in found) {
      leftOut.push(found);
      yield { type: 'leftOut', ...found };
    } else {
      done.push(found);
      await writeResults(output, facts, [...before, found]);
      yield { type: 'result', ...found };
    }
  }
  const recommended = recommend(done);
  if (!recommended) throw nothingDone(leftOut, minutes);
  const model = await deliver(output, recommended.method, [...kept, ...done]);
  const about = { ...(model ? { model } : {}), ...(earlier.unknown ? { forgettingUnknown: earlier.unknown } : {}) };
  yield { type: 'end', recommended, ...about, results: done, leftOut };
}

const LOCK = 'compare.lock';

/** A timer for longer would go off at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

interface ComparedData {
  readonly train: readonly TextExample[];
  readonly test: readonly TextExample[];
  readonly labels: readonly string[];
}

/** @throws AttuneError as `compare` */
async function comparedData(
  { train, test, methods, model, general }: CompareOptions,
  shots: readonly Shots[],
): Promise<ComparedData> {
  const [first] = methods.filter(({ needsModel }) => needsModel);
  if (first && !model) {
    throw new AttuneError('E_CONFIG', `The method ${first.name} starts from a pretrained model, and none is named.`, {
      field: 'model',
      hint: 'Name a directory with one, or leave the method out.',
    });
  }
  const consolidating = methods.find(({ needsGeneral }) => needsGeneral);
  if (consolidating && !general) {
    const message = `The method ${consolidating.name} keeps what the model knew, and no data show that.`;
    const hint = 'Name texts in general, or data of its earlier task: --general FILE, or { general } in code.';
    throw new AttuneError('E_CONFIG', message, { field: 'general', hint });
  }
  const labels = await train.labels();
  const [examples, others] = [await train.toArray(), await test.toArray()];
  requireShots(train.name, examples, shots);
  const unknown = others.find(({ label = '' }) => !labels.includes(label));
  if (unknown) {
    const message = `${test.name}, row ${unknown.row}: label "${unknown.label ?? ''}" does not occur in ${train.name}.`;
    throw new AttuneError('E_DATA_LABELS', message, { file: test.name, field: 'label' });
  }
  return { train: examples, test: others, labels };
}

/** What results depend on beside method, size and seed, by the arguments that say it. */
async function factsOf(
  { train, test }: ComparedData,
  { model, maxLength, general }: CompareOptions,
): Promise<ComparedFacts> {
  const [trained, tested, told] = [train, test, (await general?.toArray()) ?? []].map((examples) =>
    sha256Of(JSON.stringify(examples.map(({ text, textPair, label }) => [text, textPair, label]))),
  );
  const weights =
    model && (await model.exists('model.safetensors')) ? (await hashFile(model, 'model.safetensors')).sha256 : null;
  return {
    train: trained!,
    test: tested!,
    model: weights,
    maxLength: maxLength ?? null,
    general: general ? told! : null,
  };
}

interface Earlier {
  readonly task?: EarlierTask & Pick<Forgetting, 'before'>;
  readonly general?: MethodTask['general'];
  readonly unknown?: string;
}

/** What can be forgotten, and how well the pretrained model does it. @throws AttuneError as `openEarlierTask` */
async function earlierTaskOf({ general, model, backend, maxLength = 128, signal }: CompareOptions): Promise<Earlier> {
  if (!general) return {};
  if (!model) return { unknown: 'no pretrained model is given' };
  const isLabelled = (await general.toArray()).some(({ label }) => label !== undefined);
  const task = await openEarlierTask({ directory: model, general, isLabelled, backend, maxLength, signal });
  if (typeof task === 'string') return { unknown: task };
  return { task: { ...task, before: await task.scoreWith() }, general: { general, isLabelled } };
}

interface PlannedRun {
  readonly method: Method;
  readonly run: Run;
  readonly data: ComparedData;
  readonly options: CompareOptions;
  readonly secondsLeft: number | undefined;
  readonly before: readonly Result[];
  readonly earlier: Earlier;
}

/** @throws the user's signal's reason */
async function runWithin({
  method,
  run,
  data,
  options,
  secondsLeft,
  before,
  earlier: { task: earlier, general },
}: PlannedRun): Promise<Result | LeftOut> {
  const { backend, model, maxLength, memory, signal } = options;
  if (secondsLeft === 0) return { ...run, reason: 'no time is left' };
  const limit =
    secondsLeft === undefined
      ? undefined
      : AbortSignal.timeout(Math.min(Math.floor(secondsLeft * 1000), LONGEST_TIMER));
  const signals = [signal, limit].filter((each) => each !== undefined);
  const examples = sampleOf(data.train, run.shots, run.seed);
  const began = performance.now();
  let progress = 0;
  let memoryBytes = memory?.();
  const measureMemory = () => {
    if (memory && memoryBytes !== undefined) memoryBytes = Math.max(memoryBytes, memory());
  };
  try {
    const task = { examples, labels: data.labels, seed: run.seed, backend, model, maxLength, earlier, general };
    await using trained = await method.train({
      ...task,
      signal: AbortSignal.any(signals),
      onProgress(share) {
        progress = share;
        measureMemory();
      },
    });
    const seconds = (performance.now() - began) / 1000;
    const scores = await scoresOf(trained, data);
    const tuned = earlier && (await trained.tunedWeights?.());
    const forgetting = earlier && tuned && (await forgettingOf(earlier, tuned));
    measureMemory();
    const { trainableParameters, storedBytes } = trained;
    const result: Result = {
      ...run,
      examples: examples.length,
      ...scores,
      seconds,
      trainableParameters,
      storedBytes,
      ...(forgetting ? { forgetting } : {}),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    };
    await keepCandidate(options.output, trained, result, before);
    return result;
  } catch (error) {
    signal?.throwIfAborted();
    if (isAttuneError(error) && error.code === 'E_DISK') throw error;
    const elapsed = (performance.now() - began) / 1000;
    if (limit?.aborted) return { ...run, reason: cutOff(elapsed, progress) };
    if (isAttuneError(error)) return { ...run, reason: error.message };
    throw error;
  }
}

async function forgettingOf(
  { measure, before, scoreWith }: NonNullable<Earlier['task']>,
  tuned: Parameters<EarlierTask['scoreWith']>[0],
): Promise<Forgetting> {
  return { measure, before, after: await scoreWith(tuned) };
}

/** How long a run would have gone on. */
function cutOff(seconds: number, progress: number): string {
  const needed = progress > 0 ? `; it would have taken about ${Math.ceil(seconds / progress)} s` : '';
  return `the time was up after ${Math.ceil(seconds)} s of training${needed}`;
}

async function scoresOf(
  trained: TrainedMethod,
  { test, labels }: ComparedData,
): Promise<Pick<Result, 'accuracy' | 'macroF1' | 'calibrationError' | 'calibrationErrorWithTemperature'>> {
  const probabilities = await trained.probabilities(test);
  const targets = test.map(({ label = '' }) => labels.indexOf(label));
  const { accuracy, macroF1 } = classificationReport(targets, probabilities.map(argmaxOf), labels);
  const judged = probabilities.map((each, index) => ({ probabilities: each, target: targets[index]! }));
  return {
    accuracy,
    macroF1,
    calibrationError: calibrationError(judged),
    calibrationErrorWithTemperature: errorWithTemperature(judged),
  };
}

function nothingDone(leftOut: readonly LeftOut[], minutes: number | undefined): AttuneError {
  const reasons = leftOut.slice(0, 5).map(({ method, reason }) => `${method}: ${reason}`);
  const message = `No method was trained. ${reasons.join('. ')}.`;
  if (minutes === undefined) return new AttuneError('E_CONFIG', message, { field: 'methods' });
  return new AttuneError('E_CONFIG', message, {
    field: 'minutes',
    hint: 'Allow more minutes, or compare fewer or faster methods: tf-idf takes seconds.',
  });
}
