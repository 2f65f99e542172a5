/** One run of training: steps, evaluations and checkpoints in their order, as events. */
import { type AttuneError, elementCount, isAttuneError } from '@attune/ir';
import { checkpointPath } from '../checkpoint/names.js';
import type { CheckpointContent } from '../checkpoint/save.js';
import type { FoundCheckpoint } from '../checkpoint/unplaced.js';
import type { TokenizedDataset } from '../dataset.js';
import type { Learner } from '../learner/learner.js';
import { pauses } from '../learner/pauses.js';
import type { StepResult } from '../learner/training-programs.js';
import type { ParameterSpec } from '../scope.js';
import { VERSION } from '../version.js';
import { BestTracker } from './best.js';
import type { CheckpointWriter } from './checkpoint-writer.js';
import {
  abortedAt,
  type CheckpointEvent,
  type StartEvent,
  type StepEvent,
  type TrainEvent,
  type WarningEvent,
} from './events.js';
import { withProgress } from './progress.js';
import type { Anchor } from './rewind.js';
import type { StepBatches, StepPlan } from './steps.js';
import type { EncodedOptions } from './trainer-options.js';
import type { TrainerState } from './trainer-state.js';
import { saveStrategyOf, type TrainingArguments } from './training-arguments.js';

export interface TrainingRunOptions {
  readonly trainer: EncodedOptions;
  readonly arguments: TrainingArguments;
  readonly plan: StepPlan;
  readonly learner: Learner;
  /** What decides over the weights, for the manifests. */
  readonly identity: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal | undefined;
}

interface SaveRequest {
  /** Whether the evaluation that is due at the step took place. */
  readonly evaluated: boolean;
  /** Whether older checkpoints may go. */
  readonly rotates?: boolean;
}

export class TrainingRun {
  readonly #options: TrainingRunOptions;
  readonly #best: BestTracker;
  /** Optimizer steps done. */
  #step = 0;
  #epoch = 0;
  /** The step of the checkpoint that holds the state of now; -1 for none. */
  #savedStep = -1;
  #anchor: Anchor = { step: 0, schedule: null };
  /** What the schedule was told since the anchor, by step. */
  readonly #reports = new Map<number, number>();
  #isRewound = false;
  #hasFailedInStep = false;
  /** Absent without an output. */
  readonly #writer: Promise<CheckpointWriter | undefined>;

  constructor(options: TrainingRunOptions) {
    this.#options = options;
    this.#writer = checkpointWriter(options);
    this.#best = new BestTracker(options.arguments, options.trainer.evaluation?.fingerprint ?? null);
  }

  /** From a checkpoint, or from the start; the last event is `end`. */
  async *events(found: FoundCheckpoint | undefined): AsyncGenerator<TrainEvent, void, undefined> {
    const { learner, signal } = this.#options;
    learner.reset();
    this.#setAnchor();
    const evaluated = found ? yield* this.#restore(found) : true;
    yield this.#startEvent();
    if (this.#isOver && this.#step > 0) yield this.#nothingLeft();
    else yield* this.#checkSpace();
    let interrupted = !evaluated && (yield* this.#settle());
    const pause = pauses();
    while (!interrupted) {
      await pause();
      if (this.#isOver) {
        const reason = this.#best.shouldStop ? 'early-stopped' : 'completed';
        yield* this.#loadBest();
        yield { type: 'end', reason, step: this.#step };
        return;
      }
      if (signal?.aborted) break;
      interrupted = yield* this.#advance();
    }
    yield* this.#save({ evaluated: !interrupted });
    yield abortedAt(this.#step, signal?.reason);
  }

  /** A resumed run may begin beyond its end: with fewer steps than its checkpoint has. */
  get #isOver(): boolean {
    return this.#best.shouldStop || this.#step >= this.#options.plan.steps;
  }

  #nothingLeft(): TrainEvent {
    const { steps } = this.#options.plan;
    const end = this.#step >= steps ? `the run has ${steps}` : 'the run had stopped early there';
    return {
      type: 'warning',
      message: `Nothing is left to train: the checkpoint is of step ${this.#step}, and ${end}.`,
    };
  }

  /** A step and what is due after it; true where that was interrupted. */
  async *#advance(): AsyncGenerator<TrainEvent, boolean, undefined> {
    const { learner, plan } = this.#options;
    const start = performance.now();
    const planned = plan.at(this.#step);
    const result = await learner.step(planned.microBatches, this.#step).catch((error: unknown) => {
      this.#hasFailedInStep = true;
      throw error;
    });
    this.#step += 1;
    this.#epoch = planned.epoch;
    yield* learner.compiler.takeEvents();
    yield stepEvent(this.#step, planned, result, performance.now() - start);
    if (!isFiniteStep(result)) throw yield* this.#stopBefore(planned, result);
    try {
      return yield* this.#settle();
    } catch (error) {
      // An update may overflow although loss and gradients are finite: found when the weights are evaluated or saved.
      if (!isAttuneError(error) || error.code !== 'E_NONFINITE') throw error;
      throw yield* this.#stopBefore(planned, result, error.field);
    }
  }

  /** Whether the run failed while a step was computed. */
  get hasFailedInStep(): boolean {
    return this.#hasFailedInStep;
  }

  /** Whether a step was not finite and the weights are those from before it. */
  get isRewound(): boolean {
    return this.#isRewound;
  }

  /**
   * Ends at the state from before the step that was just done and is not finite, or before one whose update already
   * was not; that state becomes a checkpoint. Returns the error that names the cause.
   * @param known the tensor that is not finite after the step, where loss and gradients are
   */
  async *#stopBefore(
    { batches, microBatches }: StepBatches,
    result: StepResult,
    known?: string,
  ): AsyncGenerator<TrainEvent, AttuneError, undefined> {
    const { learner, plan, trainer, signal } = this.#options;
    const failure = { step: this.#step, batches, microBatches, result, known };
    const state = { learner, plan, output: trainer.output, anchor: this.#anchor, reports: this.#reports, signal };
    const from = this.#anchor.path ?? 'the start';
    yield { type: 'warning', message: `Step ${failure.step} is not finite; going back to before it, from ${from}.` };
    const { goBack } = await import('./go-back.js');
    const { step, isSound, error } = await goBack(failure, state);
    this.#step = step;
    this.#isRewound = isSound;
    if (isSound && step > 0) {
      this.#epoch = plan.at(step - 1).epoch;
      yield* this.#save({ evaluated: true, rotates: false });
    }
    return error;
  }

  #setAnchor(path?: string): void {
    const schedule = this.#options.learner.hostSchedule?.save() ?? null;
    this.#anchor = { step: this.#step, schedule, ...(path === undefined ? {} : { path }) };
    this.#reports.clear();
  }

  /** The evaluation and the checkpoint that are due after the step; true where the evaluation was interrupted. */
  async *#settle(): AsyncGenerator<TrainEvent, boolean, undefined> {
    const { plan, trainer, learner, arguments: options } = this.#options;
    const boundary = plan.endsEpoch(this.#step) || this.#step >= plan.steps;
    let isBest = false;
    const waited = options.evalStrategy === 'epoch' ? this.#epoch : this.#step;
    const isTime = (strategy: TrainingArguments['evalStrategy']) =>
      waited >= options.evalDelay && isDue(strategy, options.evalSteps, this.#step, boundary, plan.steps);
    if (trainer.evaluation && isTime(options.evalStrategy)) {
      const evaluation = yield* this.#evaluate(trainer.evaluation);
      if (evaluation.interrupted) return true;
      isBest = evaluation.isBest;
    }
    if (trainer.logCompletions && isTime(options.evalStrategy === 'no' ? 'epoch' : options.evalStrategy)) {
      const { completionsOf } = await import('./completions.js');
      const { completions } = yield* completionsOf(trainer.logCompletions, learner, this.#options.signal);
      if (!completions) return true;
      yield { type: 'completions', step: this.#step, epoch: this.#epoch, completions };
    }
    if (await this.#isSaveDue(boundary)) yield* this.#save({ evaluated: true });
    else if (isBest && options.loadBestModelAtEnd) yield* this.#keepBest();
    if (this.#step >= plan.steps) await learner.requireFinite();
    return false;
  }

  async *#evaluate(
    data: TokenizedDataset,
  ): AsyncGenerator<TrainEvent, { readonly isBest: boolean; readonly interrupted: boolean }, undefined> {
    const { trainer, learner, signal, arguments: options } = this.#options;
    const { perDeviceEvalBatchSize: batchSize } = options;
    try {
      const metrics = yield* withProgress('evaluating', (onProgress) =>
        learner.evaluate(data, trainer.evaluator?.(), { batchSize, signal, onProgress }),
      );
      const isBest = this.#best.report(this.#step, metrics);
      const metric = metrics[options.metricForBestModel];
      if (metric !== undefined) {
        this.#reports.set(this.#step, metric);
        learner.hostSchedule?.report(metric);
      }
      yield* learner.compiler.takeEvents();
      yield { type: 'evaluation', step: this.#step, epoch: this.#epoch, metrics, best: isBest };
      return { isBest, interrupted: false };
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return { isBest: false, interrupted: true };
      throw error;
    }
  }

  async #isSaveDue(boundary: boolean): Promise<boolean> {
    const { plan, arguments: options } = this.#options;
    const strategy = saveStrategyOf(options);
    if (strategy !== 'affordable') return isDue(strategy, options.saveSteps, this.#step, boundary, plan.steps);
    return this.#isOver || (boundary && (await this.#writer)?.budget.allows === true);
  }

  /** The best weights so far: in memory until a checkpoint is due, unless the user says when that is. */
  async *#keepBest(): AsyncGenerator<CheckpointEvent | WarningEvent, void, undefined> {
    const { learner, arguments: options } = this.#options;
    const writer = await this.#writer;
    const mayWait = saveStrategyOf(options) === 'affordable';
    if (mayWait && writer?.canHold(learner.stateTypes().values())) await writer.hold(this.#content(true));
    else yield* this.#save({ evaluated: true });
  }

  /** Nothing if there is no output, no step yet, or a checkpoint of this very state. */
  async *#save({
    evaluated,
    rotates = true,
  }: SaveRequest): AsyncGenerator<CheckpointEvent | WarningEvent, void, undefined> {
    const writer = await this.#writer;
    if (!writer || this.#step <= Math.max(0, this.#savedStep)) return;
    const { written, warnings } = await writer.write(this.#content(evaluated), this.#best.state.step, rotates);
    this.#savedStep = this.#step;
    this.#setAnchor(checkpointPath(this.#step));
    for (const each of written) yield { type: 'checkpoint', ...each };
    for (const message of warnings) yield { type: 'warning', message };
  }

  #content(evaluated: boolean): CheckpointContent {
    const { learner, identity, trainer, plan } = this.#options;
    const trainerState: TrainerState = {
      step: this.#step,
      epoch: this.#epoch,
      evaluated,
      best: this.#best.state,
      schedule: learner.hostSchedule?.save() ?? null,
      batchParts: plan.parts,
    };
    return {
      step: this.#step,
      steps: plan.steps,
      finished: evaluated && this.#isOver,
      ...learner.checkpointTensors(),
      trainer: { ...trainerState },
      data: { examples: trainer.train.length, skippedRows: trainer.train.skippedRows ?? 0 },
      run: identity,
      versions: this.#versions,
    };
  }

  get #versions(): Readonly<Record<string, string>> {
    const { backend, versions } = this.#options.learner.device.info;
    return { attune: VERSION, backend, ...versions };
  }

  /** Returns whether the evaluation that was due at the checkpoint's step took place. */
  async *#restore({ path, manifest }: FoundCheckpoint): AsyncGenerator<WarningEvent, boolean, undefined> {
    const { trainer, learner, plan } = this.#options;
    const { restoreRun } = await import('./checkpoints.js');
    const checkpoint = { output: trainer.output!, path, manifest };
    const { state, warnings } = await restoreRun(checkpoint, learner, this.#best, plan.steps);
    for (const message of warnings) yield { type: 'warning', message };
    this.#step = state.step;
    this.#epoch = state.epoch;
    this.#savedStep = state.evaluated ? state.step : -1;
    this.#setAnchor(path);
    return state.evaluated;
  }

  async *#loadBest(): AsyncGenerator<TrainEvent, void, undefined> {
    const { trainer, learner, arguments: options } = this.#options;
    const { step } = this.#best.state;
    if (!options.loadBestModelAtEnd || !trainer.output || step <= 0 || step >= this.#step) return;
    const { restoreBest } = await import('./checkpoints.js');
    const message = await restoreBest(trainer.output, learner, step);
    if (message !== undefined) yield { type: 'warning', message };
  }

  async *#checkSpace(): AsyncGenerator<TrainEvent, void, undefined> {
    const { trainer, learner, arguments: options } = this.#options;
    if (!trainer.output) return;
    const { runSpaceWarning } = await import('./checkpoints.js');
    const message = await runSpaceWarning(trainer.output, learner, options);
    if (message !== undefined) yield { type: 'warning', message };
  }

  #startEvent(): StartEvent {
    const { plan, trainer, learner } = this.#options;
    const { adapted } = learner;
    const count = (chosen: readonly ParameterSpec[]) =>
      chosen.reduce((sum, { type }) => sum + elementCount(type.shape), 0);
    const { backend, reason } = learner.device.info;
    return {
      type: 'start',
      steps: plan.steps,
      examples: trainer.train.length,
      parameters: count(adapted.parameters),
      trainableParameters: count(adapted.parameters.filter(({ name }) => adapted.trainable.has(name))),
      device: `${backend} (${reason})`,
      versions: this.#versions,
      resumedFrom: this.#step,
    };
  }
}

const isFiniteStep = ({ loss, gradientNorm }: StepResult): boolean =>
  Number.isFinite(loss) && Number.isFinite(gradientNorm);

async function checkpointWriter({ trainer, arguments: options }: TrainingRunOptions) {
  const { output, onSavePhase } = trainer;
  if (!output) return undefined;
  const { CheckpointWriter } = await import('./checkpoints.js');
  return new CheckpointWriter({
    output,
    limit: options.saveTotalLimit,
    ...(onSavePhase ? { onPhase: onSavePhase } : {}),
  });
}

function isDue(
  strategy: 'no' | 'steps' | 'epoch',
  every: number | undefined,
  step: number,
  boundary: boolean,
  steps: number,
): boolean {
  if (strategy === 'epoch') return boundary;
  return strategy === 'steps' && every !== undefined && (step % every === 0 || step >= steps);
}

function stepEvent(step: number, { batches, epoch }: StepBatches, result: StepResult, milliseconds: number): StepEvent {
  const examples = batches.reduce((sum, { rows }) => sum + rows.length, 0);
  const tokens = batches.reduce((sum, batch) => sum + batch.tokens, 0);
  const perSecond = (amount: number) => (1000 * amount) / milliseconds;
  return {
    type: 'step',
    step,
    epoch,
    ...result,
    examples,
    tokens,
    milliseconds,
    examplesPerSecond: perSecond(examples),
    tokensPerSecond: perSecond(tokens),
  };
}
