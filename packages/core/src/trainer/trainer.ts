import type { Storage, TensorToWrite } from '@attune/hub';
import { AttuneError, type Backend, type Device, elementCount, type HostTensor, hostTensor } from '@attune/ir';
import {
  checkSameRun,
  discoverCheckpoint,
  type FoundCheckpoint,
  readCheckpointTensors,
  readTrainerState,
  requireCheckpoint,
} from '../checkpoint/load.js';
import { removeTemporaries, rotateCheckpoints, type SaveOptions, saveCheckpoint } from '../checkpoint/save.js';
import type { Batch, TokenizedDataset } from '../dataset.js';
import type { Model } from '../model.js';
import type { Objective } from '../objective.js';
import type { Strategy } from '../strategy.js';
import { type AdaptedModel, adaptModel } from './adapted-model.js';
import { BestTracker } from './best.js';
import { Compiler } from './compiler.js';
import { DeviceTensors } from './device-tensors.js';
import { evaluateDataset, predictDataset } from './evaluation.js';
import type { Evaluator } from './evaluator.js';
import type { CheckpointEvent, EvaluationEvent, TrainEvent } from './events.js';
import { runIdentity } from './run-identity.js';
import { StepPlan } from './steps.js';
import { parseTrainerState, type TrainerState } from './trainer-state.js';
import {
  parseTrainingArguments,
  saveStrategyOf,
  type TrainingArguments,
  type TrainingArgumentsInput,
} from './training-arguments.js';
import { type StepResult, TrainingPrograms } from './training-programs.js';

/** A model with its weights, as @attune/models loads it. */
export interface TrainableModel {
  readonly model: Model;
  readonly weights: ReadonlyMap<string, HostTensor>;
}

export interface TrainerOptions extends TrainingArgumentsInput {
  readonly model: TrainableModel;
  readonly objective: Objective;
  readonly train: TokenizedDataset;
  readonly evaluation?: TokenizedDataset;
  /** Makes a fresh evaluator for each evaluation; without one only the loss is measured. */
  readonly evaluator?: () => Evaluator;
  /** One strategy, or several that compose in their order. */
  readonly strategy: Strategy | readonly Strategy[];
  readonly backend: Backend;
  /** Where checkpoints are kept; none are written without it. */
  readonly output?: Storage;
  /** Called between the parts of a checkpoint's save. */
  readonly onSavePhase?: SaveOptions['onPhase'];
}

export interface TrainOptions {
  readonly signal?: AbortSignal;
  /**
   * `true` goes on from the newest checkpoint that verifies, and begins anew where there is none; a path names one
   * checkpoint and must verify.
   */
  readonly resume?: boolean | string;
  /** Settings that may differ from those of the checkpoint. */
  readonly allowChange?: readonly string[];
}

/**
 * Fine-tunes a model: `for await (const event of trainer.train())`. Runs with equal settings on one backend give equal
 * weights, bit for bit, whether or not they were interrupted and resumed.
 */
export class Trainer implements AsyncDisposable {
  readonly #options: TrainerOptions;
  readonly #arguments: TrainingArguments;
  readonly #strategies: readonly Strategy[];
  readonly #adapted: AdaptedModel;
  readonly #plan: StepPlan;
  readonly #best: BestTracker;
  #session: Session | undefined;
  #failed: AttuneError | undefined;

  /** @throws AttuneError `E_CONFIG`, `E_STRATEGY`, `E_WEIGHTS_MISMATCH` */
  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#arguments = parseTrainingArguments(argumentsOf(options));
    const { model, strategy, train } = options;
    this.#strategies = 'adapt' in strategy ? [strategy] : strategy;
    this.#adapted = adaptModel(model.model, model.weights, this.#strategies, this.#arguments.seed);
    this.#plan = new StepPlan(train, this.#arguments);
    this.#best = new BestTracker(this.#arguments);
  }

  /** The model under its strategies, with the weights from before training. */
  get adapted(): AdaptedModel {
    return this.#adapted;
  }

  /**
   * Trains, and yields what happens. Leaving the loop early ends training; an aborted signal ends it after the current
   * step with a checkpoint and an `end` event.
   * @throws AttuneError `E_NONFINITE` where loss or gradient are not finite, naming the step and the rows;
   * `E_LOCKED`, `E_OUTPUT_EXISTS`, `E_RESUME_MISMATCH`, `E_CHECKPOINT`, `E_DISK` for the output directory
   */
  async *train({
    signal,
    resume = false,
    allowChange = [],
  }: TrainOptions = {}): AsyncGenerator<TrainEvent, void, undefined> {
    const { output } = this.#options;
    const unlock = await output?.lock('.attune.lock');
    try {
      const { model, objective, train } = this.#options;
      const identity = await runIdentity(this.#arguments, this.#strategies, objective.name, train, model.weights);
      const { found, problems } = await this.#checkpointToResume(resume);
      for (const problem of problems) yield { type: 'warning', message: `A newer checkpoint is not used: ${problem}.` };
      if (found) checkSameRun(found.manifest.run, identity, allowChange);
      const session = await this.#open();
      let step = found ? await this.#restore(session, found) : 0;
      yield this.#startEvent(session, step);
      for (; step < this.#plan.steps; step++) {
        if (signal?.aborted) {
          yield* this.#saveAt(session, step, identity);
          yield { type: 'end', reason: 'aborted', step, cause: signal.reason };
          return;
        }
        const start = performance.now();
        const { batches, epoch, endsEpoch } = this.#plan.at(step);
        const result = await session.programs.run(batches, step);
        yield* session.compiler.takeEvents();
        await this.#requireFinite(session, result, step, batches);
        yield {
          type: 'step',
          step: step + 1,
          epoch,
          ...result,
          examples: batches.reduce((sum, { rows }) => sum + rows.length, 0),
          tokens: batches.reduce((sum, { tokens }) => sum + tokens, 0),
          milliseconds: performance.now() - start,
        };
        const done = step + 1;
        const last = done === this.#plan.steps;
        let isBest = false;
        if (this.#isDue('eval', done, endsEpoch || last)) {
          const event = await this.#evaluation(session, done, epoch);
          yield* session.compiler.takeEvents();
          isBest = event.best;
          yield event;
        }
        if (
          output &&
          (this.#isDue('save', done, endsEpoch || last) || (isBest && this.#arguments.loadBestModelAtEnd))
        ) {
          yield* this.#saveAt(session, done, identity);
        }
        if (this.#best.shouldStop) {
          await this.#loadBest(session);
          yield { type: 'end', reason: 'early-stopped', step: done };
          return;
        }
      }
      await this.#loadBest(session);
      yield { type: 'end', reason: 'completed', step: this.#plan.steps };
    } finally {
      await unlock?.();
    }
  }

  /** The loss and metrics over a data set with the current weights. */
  async evaluate(dataset: TokenizedDataset, signal?: AbortSignal): Promise<Readonly<Record<string, number>>> {
    return evaluateDataset(
      dataset,
      { ...this.#context(await this.#open()), ...(signal ? { signal } : {}) },
      this.#options.evaluator?.(),
    );
  }

  /** One output of the model for each example, in the order of the data set. */
  async predict(dataset: TokenizedDataset, output = 'logits', signal?: AbortSignal): Promise<readonly Float32Array[]> {
    return predictDataset(dataset, { ...this.#context(await this.#open()), ...(signal ? { signal } : {}) }, output);
  }

  /** The current values of all parameters. @throws AttuneError `E_NONFINITE` after training has failed with it */
  async weights(): Promise<ReadonlyMap<string, HostTensor>> {
    if (this.#failed) throw this.#failed;
    const weights = new Map(this.#adapted.weights);
    for (const name of this.#adapted.trainable) {
      if (this.#session) weights.set(name, await this.#session.tensors.download(name));
    }
    return weights;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    session?.compiler.forget('');
    session?.tensors[Symbol.dispose]();
    await session?.device[Symbol.asyncDispose]();
  }

  async #open(): Promise<Session> {
    if (this.#session) return this.#session;
    const device = await this.#options.backend.open();
    const compiler = new Compiler(device);
    const tensors = new DeviceTensors(device);
    const programs = new TrainingPrograms(
      this.#adapted,
      this.#options.objective,
      this.#arguments,
      this.#plan.steps,
      compiler,
      tensors,
    );
    for (const [name, tensor] of this.#adapted.weights) tensors.set(name, tensor);
    for (const { name, type, initial } of programs.state) {
      tensors.set(name, hostTensor(type.shape, new Float32Array(elementCount(type.shape)).fill(initial)));
    }
    this.#session = { device, compiler, tensors, programs };
    return this.#session;
  }

  #context({ compiler, tensors }: Session) {
    const { objective } = this.#options;
    return { adapted: this.#adapted, objective, compiler, tensors, batchSize: this.#arguments.perDeviceEvalBatchSize };
  }

  #startEvent({ device }: Session, step: number): TrainEvent {
    const { parameters, trainable } = this.#adapted;
    const count = (chosen: typeof parameters) => chosen.reduce((sum, { type }) => sum + elementCount(type.shape), 0);
    return {
      type: 'start',
      steps: this.#plan.steps,
      examples: this.#options.train.length,
      parameters: count(parameters),
      trainableParameters: count(parameters.filter(({ name }) => trainable.has(name))),
      device: `${device.info.backend} (${device.info.reason})`,
      resumedFrom: step,
    };
  }

  #isDue(what: 'eval' | 'save', done: number, boundary: boolean): boolean {
    if (what === 'eval' && !this.#options.evaluation) return false;
    const strategy = what === 'eval' ? this.#arguments.evalStrategy : saveStrategyOf(this.#arguments);
    if (strategy === 'epoch') return boundary;
    const every = what === 'eval' ? this.#arguments.evalSteps : this.#arguments.saveSteps;
    return strategy === 'steps' && every !== undefined && (done % every === 0 || done === this.#plan.steps);
  }

  async #evaluation(session: Session, step: number, epoch: number): Promise<EvaluationEvent> {
    const metrics = await evaluateDataset(
      this.#options.evaluation!,
      this.#context(session),
      this.#options.evaluator?.(),
    );
    const metric = metrics[this.#arguments.metricForBestModel];
    if (metric !== undefined) session.programs.options.schedule.host?.report(metric);
    return { type: 'evaluation', step, epoch, metrics, best: this.#best.report(step, metrics) };
  }

  async *#saveAt(
    session: Session,
    step: number,
    identity: Readonly<Record<string, unknown>>,
  ): AsyncGenerator<CheckpointEvent> {
    const { output, onSavePhase } = this.#options;
    if (!output) return;
    const written = (name: string, type: HostTensor['type']): TensorToWrite => ({
      name,
      type,
      load: () => session.tensors.download(name),
    });
    const state: TrainerState = {
      step,
      best: this.#best.state,
      schedule: session.programs.options.schedule.host?.save() ?? null,
    };
    const path = await saveCheckpoint(
      output,
      {
        step,
        parameters: session.programs.options.updates.map(({ parameter }) => written(parameter.name, parameter.type)),
        state: session.programs.state.map(({ name, type }) => written(name, type)),
        trainer: { ...state },
        run: identity,
      },
      onSavePhase ? { onPhase: onSavePhase } : {},
    );
    await rotateCheckpoints(output, this.#arguments.saveTotalLimit, new Set([this.#best.state.step, step]));
    yield { type: 'checkpoint', step, path };
  }

  async #checkpointToResume(resume: boolean | string) {
    const { output } = this.#options;
    const nothing = { found: undefined, problems: [] };
    if (!output) return nothing;
    await removeTemporaries(output);
    if (typeof resume === 'string') return { found: await requireCheckpoint(output, resume), problems: [] };
    if (resume) return discoverCheckpoint(output);
    const others = (await output.list('')).filter(({ name }) => name !== '.attune.lock');
    if (others.length === 0) return nothing;
    throw new AttuneError(
      'E_OUTPUT_EXISTS',
      `${output.name} is not empty: it holds ${others[0]?.name}${others.length > 1 ? ` and ${others.length - 1} more` : ''}.`,
      {
        file: output.name,
        hint: 'Continue that run with --resume, or choose another output directory.',
      },
    );
  }

  async #restore(session: Session, { path }: FoundCheckpoint): Promise<number> {
    const output = this.#options.output!;
    const state = parseTrainerState(await readTrainerState(output, path), `${output.name}/${path}/trainer.json`);
    await this.#loadTensors(session, path);
    this.#best.restore(state.best);
    if (state.schedule !== null) session.programs.options.schedule.host?.restore(state.schedule);
    return state.step;
  }

  async #loadTensors(session: Session, path: string): Promise<void> {
    for (const [name, tensor] of await readCheckpointTensors(this.#options.output!, path))
      session.tensors.set(name, tensor);
  }

  async #loadBest(session: Session): Promise<void> {
    const { step } = this.#best.state;
    if (!this.#arguments.loadBestModelAtEnd || !this.#options.output || step === 0) return;
    await this.#loadTensors(session, `checkpoint-${step}`);
  }

  async #requireFinite(
    session: Session,
    { loss, gradientNorm }: StepResult,
    step: number,
    batches: readonly Batch[],
  ): Promise<void> {
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
    const rows = batches.flatMap((batch) => batch.rows);
    const tensor = Number.isFinite(loss) ? await this.#firstBadTensor(session) : 'loss';
    this.#failed = new AttuneError(
      'E_NONFINITE',
      `Step ${step + 1} gave a loss of ${loss} and a gradient norm of ${gradientNorm}; the first tensor that is not finite is ${tensor}. The rows were ${rows.slice(0, 20).join(', ')}${rows.length > 20 ? ' …' : ''}.`,
      { field: tensor, hint: 'Try a smaller learning rate; resuming goes on from the last good checkpoint.' },
    );
    throw this.#failed;
  }

  async #firstBadTensor({ tensors }: Session): Promise<string> {
    for (const name of this.#adapted.trainable) {
      const { data } = await tensors.download(name);
      if (!data.every(Number.isFinite)) return name;
    }
    return 'the gradient norm';
  }
}

/** What a run holds open on the device. */
interface Session {
  readonly device: Device;
  readonly compiler: Compiler;
  readonly tensors: DeviceTensors;
  readonly programs: TrainingPrograms;
}

/** The training arguments among a trainer's options. */
function argumentsOf({
  model: _model,
  objective: _objective,
  train: _train,
  evaluation: _evaluation,
  evaluator: _evaluator,
  strategy: _strategy,
  backend: _backend,
  output: _output,
  onSavePhase: _onSavePhase,
  ...rest
}: TrainerOptions): TrainingArgumentsInput {
  return rest;
}
