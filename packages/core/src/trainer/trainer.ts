import { AttuneError, type HostTensor } from '@attune/ir';
import { checkSameRun } from '../checkpoint/load.js';
import { LOCK } from '../checkpoint/names.js';
import type { TokenizedDataset } from '../dataset.js';
import { type AdaptedModel, adaptModel } from './adapted-model.js';
import { evaluateDataset, predictDataset } from './evaluation.js';
import type { TrainEvent } from './events.js';
import { openRunDirectory } from './run-directory.js';
import { runIdentity } from './run-identity.js';
import { Session } from './session.js';
import { StepPlan } from './steps.js';
import { argumentsOf, type TrainerOptions, type TrainOptions } from './trainer-options.js';
import type { TrainingArguments } from './training-arguments.js';
import { TrainingRun } from './training-run.js';

/**
 * Fine-tunes a model. `train` is the run; afterwards `evaluate`, `predict` and `weights` work on the trained weights.
 * The device stays open between them: `await using trainer = new Trainer(...)`, or dispose of it at the end. A run that
 * is left early or fails closes the device itself, and its weights are gone but for its checkpoints.
 */
export class Trainer implements AsyncDisposable {
  readonly #options: TrainerOptions;
  readonly #arguments: TrainingArguments;
  readonly #adapted: AdaptedModel;
  readonly #plan: StepPlan;
  #session: Session | undefined;
  #isTraining = false;
  /** Why there are no trained weights. */
  #failure: { readonly error: unknown } | undefined;

  /** @throws AttuneError `E_CONFIG`, `E_STRATEGY`, `E_WEIGHTS_MISMATCH`, `E_NONFINITE` for weights that are not finite */
  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#arguments = argumentsOf(options);
    const { model, train } = options;
    this.#adapted = adaptModel(model.model, model.weights, this.#strategies, this.#arguments.seed);
    this.#plan = new StepPlan(train, this.#arguments);
  }

  /** The model under its strategies, with the weights from before training. */
  get adapted(): AdaptedModel {
    return this.#adapted;
  }

  /**
   * Trains, and yields what happens. Leaving the loop early ends training; an aborted signal ends it after the current
   * step with a checkpoint and an `end` event, whose `cause` is the signal's reason.
   * @throws AttuneError `E_NONFINITE` where loss, gradient or weights are not finite, naming the step and the rows;
   * `E_DATA` for a step whose labels are all masked; `E_LOCKED`, `E_OUTPUT_EXISTS`, `E_RESUME_MISMATCH`,
   * `E_CHECKPOINT`, `E_DISK` for the output directory; `E_BUSY` while another run of this trainer goes on
   */
  async *train(options: TrainOptions = {}): AsyncGenerator<TrainEvent, void, undefined> {
    if (this.#isTraining) throw new AttuneError('E_BUSY', 'This trainer is training already.');
    this.#isTraining = true;
    this.#failure = { error: new AttuneError('E_NOT_TRAINED', 'Training was left before its end.') };
    let unlock: (() => Promise<void>) | undefined;
    try {
      if (options.signal?.aborted) {
        this.#failure = undefined;
        yield { type: 'end', reason: 'aborted', step: 0, cause: options.signal.reason };
        return;
      }
      unlock = await this.#options.output?.lock(LOCK);
      for await (const event of this.#run(options)) {
        if (event.type === 'end') this.#failure = undefined;
        yield event;
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    } finally {
      if (this.#failure) await this[Symbol.asyncDispose]();
      await unlock?.();
      this.#isTraining = false;
    }
  }

  /** The loss and metrics over a data set with the current weights. */
  async evaluate(dataset: TokenizedDataset, signal?: AbortSignal): Promise<Readonly<Record<string, number>>> {
    return evaluateDataset(dataset, await this.#context(signal), this.#options.evaluator?.());
  }

  /** One output of the model for each example, in the order of the data set. */
  async predict(dataset: TokenizedDataset, output = 'logits', signal?: AbortSignal): Promise<readonly Float32Array[]> {
    return predictDataset(dataset, await this.#context(signal), output);
  }

  /**
   * The current values of all parameters; the averages of them under `emaDecay`.
   * @throws what training failed with, if it did; AttuneError `E_NONFINITE`, `E_NOT_TRAINED` after a run left early
   */
  async weights(): Promise<ReadonlyMap<string, HostTensor>> {
    this.#requireSound();
    const weights = new Map(this.#adapted.weights);
    const session = this.#session;
    if (!session) return weights;
    for (const name of this.#adapted.trainable)
      weights.set(name, await session.downloadFinite(session.finalName(name)));
    return weights;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.[Symbol.asyncDispose]();
  }

  async *#run({ signal, resume = false, allowChange = [] }: TrainOptions): AsyncGenerator<TrainEvent, void, undefined> {
    const { output } = this.#options;
    const { found, problems } = output ? await openRunDirectory(output, resume) : { found: undefined, problems: [] };
    for (const problem of problems) yield { type: 'warning', message: `A newer checkpoint is not used: ${problem}.` };
    const identity = output ? await this.#identity() : {};
    if (found) checkSameRun(found.manifest.run, identity, allowChange);
    yield* new TrainingRun({
      trainer: this.#options,
      arguments: this.#arguments,
      adapted: this.#adapted,
      plan: this.#plan,
      session: await this.#open(),
      identity,
      signal,
    }).events(found);
  }

  get #strategies() {
    return [this.#options.strategy].flat();
  }

  #identity(): Promise<Readonly<Record<string, unknown>>> {
    const { objective, train, model } = this.#options;
    return runIdentity(this.#arguments, this.#strategies, objective.name, train, model.weights);
  }

  async #open(): Promise<Session> {
    this.#session ??= await Session.open({
      backend: this.#options.backend,
      adapted: this.#adapted,
      objective: this.#options.objective,
      train: this.#options.train,
      arguments: this.#arguments,
      plan: this.#plan,
    });
    return this.#session;
  }

  async #context(signal: AbortSignal | undefined) {
    this.#requireSound();
    const { compiler, tensors, finalName } = await this.#open();
    return {
      adapted: this.#adapted,
      objective: this.#options.objective,
      compiler,
      tensors,
      batchSize: this.#arguments.perDeviceEvalBatchSize,
      nameOf: finalName,
      ...(signal ? { signal } : {}),
    };
  }

  #requireSound(): void {
    if (this.#failure && !this.#isTraining) throw this.#failure.error;
  }
}
