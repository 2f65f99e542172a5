import type { Storage } from '@attune/hub';
import { openDirectory } from '@attune/hub/directory';
import { AttuneError, type HostTensor, isAttuneError } from '@attune/ir';
import type { Discovery } from '../checkpoint/load.js';
import { LOCK } from '../checkpoint/names.js';
import type { FoundCheckpoint } from '../checkpoint/unplaced.js';
import type { TokenizedDataset } from '../dataset.js';
import { type AdaptedModel, adaptModel, requireTraining, startedModel } from '../learner/adapted-model.js';
import type { EvaluationContext } from '../learner/evaluation.js';
import { Learner } from '../learner/learner.js';
import { stepRules } from '../learner/step-options.js';
import type { EncodingWatch, TrainingData } from '../training-data.js';
import { abortedAt, type RecipeEvent, type TrainEvent } from './events.js';
import type { PreparedRun } from './prepared-run.js';
import { withProgress } from './progress.js';
import {
  argumentsOf,
  type EncodedData,
  encodeOptions,
  type ResolvedOptions,
  resolveOptions,
  type TrainerOptions,
  type TrainOptions,
} from './trainer-options.js';
import { continuedArguments, type GivenArguments } from './training-arguments.js';
import { TrainingRun } from './training-run.js';

/**
 * Fine-tunes a model. `train` is the run; afterwards `evaluate`, `predict`, `save` and `weights` work on the trained
 * weights. The device stays open between them: `await using trainer = new Trainer(...)`, or dispose of it at the end. A
 * run that is left early or fails closes the device itself, and its weights are gone but for its checkpoints; after a
 * step that was not finite, `weights` and `save` have those from before it.
 */
export class Trainer<Answer = unknown, Input = string> implements AsyncDisposable {
  readonly #options: ResolvedOptions<Answer, Input>;
  readonly #given: GivenArguments;
  readonly #adapted: AdaptedModel;
  #encoded: Promise<EncodedData> | undefined;
  #prepared: PreparedRun | undefined;
  #settings: Promise<Readonly<Record<string, unknown>>> | undefined;
  #learner: Learner | undefined;
  #isTraining = false;
  /** Whether the output directory is locked. */
  #isLocked = false;
  /** Micro-batches that each batch is cut into. */
  #batchParts = 1;
  /** Whether the last run failed while a step was computed. */
  #hasFailedInStep = false;
  /** Why there are no trained weights. */
  #failure: { readonly error: unknown } | undefined;
  /** The weights from before a step that was not finite. */
  #rewound: ReadonlyMap<string, HostTensor> | undefined;

  /** @throws AttuneError `E_CONFIG`, `E_STRATEGY`, `E_WEIGHTS_MISMATCH`, `E_NONFINITE` for weights that are not finite */
  constructor(options: TrainerOptions<Answer, Input>) {
    this.#options = resolveOptions(options);
    this.#given = argumentsOf(this.#options);
    const { model } = options;
    this.#adapted = adaptModel(model.model, model.weights, this.#strategies, this.#given.seed, model.created);
    requireTraining(this.#adapted, this.#strategies);
  }

  /** The model under its strategies, with the weights from before training. */
  get adapted(): AdaptedModel {
    return this.#adapted;
  }

  /**
   * Trains, and yields what happens. Leaving the loop early ends training; an aborted signal ends it after the current
   * step with a checkpoint and an `end` event, whose `cause` is the signal's reason. Where the device is lost, it is opened
   * again and the run goes on from its last checkpoint, three times at most, with a warning and another `start` event. With
   * `autoFindBatchSize` it goes on in the same way, in smaller micro-batches, if the device lacks memory for a step.
   * @throws AttuneError `E_DEVICE_LOST`, `E_DEVICE_MEMORY`; `E_NONFINITE` where loss, gradient or weights are not finite, naming the step and the rows;
   * `E_DATA` for a step whose labels are all masked; `E_LOCKED`, `E_OUTPUT_EXISTS`, `E_RESUME_MISMATCH`,
   * `E_CHECKPOINT`, `E_DISK` for the output directory; `E_BUSY` while another run of this trainer goes on
   */
  async *train(options: TrainOptions = {}): AsyncGenerator<TrainEvent, void, undefined> {
    if (this.#isTraining) throw new AttuneError('E_BUSY', 'This trainer is training already.');
    this.#isTraining = true;
    this.#rewound = undefined;
    this.#failure = { error: new AttuneError('E_NOT_TRAINED', 'Training was left before its end.') };
    let unlock: (() => Promise<void>) | undefined;
    let hasFailed = false;
    try {
      if (options.signal?.aborted) {
        this.#failure = undefined;
        yield* this.#told(abortedAt(0, options.signal.reason));
        return;
      }
      unlock = await this.#options.output?.lock(LOCK);
      this.#isLocked = unlock !== undefined;
      for await (const event of this.#recovering(options)) {
        if (event.type === 'end') this.#failure = undefined;
        yield* this.#told(event);
      }
    } catch (error) {
      this.#failure = { error };
      hasFailed = true;
      throw error;
    } finally {
      this.#isLocked = false;
      if (this.#failure) await this[Symbol.asyncDispose]();
      this.#isTraining = false;
      // A lock that cannot be removed does not hide why the run failed.
      await (hasFailed ? unlock?.().catch(() => {}) : unlock?.());
    }
  }

  /**
   * Encodes the data, and finds what `train` would refuse before its first step because of them or of the output
   * directory; changes nothing there. `train` encodes them no second time.
   * @throws AttuneError `E_LOCKED`, `E_OUTPUT_EXISTS`, `E_RESUME_MISMATCH`, `E_CHECKPOINT`, `E_CONFIG`, and as encoding the data does
   */
  async check({ resume = false, allowChange = [], signal }: TrainOptions = {}): Promise<CheckedData> {
    const { output } = this.#options;
    const { inspectRunDirectory } = await import('./checkpoints.js');
    const found = output && (await inspectRunDirectory(output, resume)).found;
    const { warnings, recipe } = await this.#preparedAfter(found, allowChange, { signal });
    return { examples: recipe.examples, warnings, recipe };
  }

  /**
   * The loss and metrics over data with the current weights.
   * @param data what the trainer evaluates on by default: its evaluation data, or the rows that it held out
   * @throws AttuneError `E_CONFIG` if there is nothing to evaluate on, and as encoding the data does
   */
  async evaluate(data?: TrainingData, signal?: AbortSignal): Promise<Readonly<Record<string, number>>> {
    const chosen = data ?? (await this.#prepare(undefined, { signal })).options.evaluation;
    const { evaluateOn } = await import('./use-trained.js');
    return evaluateOn(chosen, this.#options, () => this.#context(signal), signal);
  }

  /** The model's answer to a text, or to what its task takes. @throws AttuneError `E_CONFIG` for a model that takes no text */
  predict(input: Input): Promise<Answer>;
  /** One output of the model for each example, in the order of the data set. */
  predict(dataset: TokenizedDataset, output?: string, signal?: AbortSignal): Promise<readonly Float32Array[]>;
  async predict(
    input: Input | TokenizedDataset,
    output = 'logits',
    signal?: AbortSignal,
  ): Promise<Answer | readonly Float32Array[]> {
    const { answerTo, isDataset, predictDataset } = await import('./use-trained.js');
    if (isDataset(input)) return predictDataset(input, await this.#context(signal), output);
    return answerTo(input, this.#options.model, () => this.#context(signal));
  }

  /**
   * Writes what was trained, in the layout of Hugging Face: the PEFT adapter where a strategy has one, else the model. It is
   * there whole or not at all. The directory is locked meanwhile; where it is saved at the `end` event of `train`, the run
   * still holds the lock of `outputDir`, so that no other run comes between.
   * @param directory a path (in Node) or a Storage; `outputDir` by default
   * @throws AttuneError `E_CONFIG` without a directory or for a model that cannot be saved, `E_LOCKED`, `E_DISK`, and as
   * `weights`
   */
  async save(directory: Storage | string | undefined = this.#options.output): Promise<void> {
    const { model } = this.#options;
    if (directory === undefined) {
      const hint = 'Give a directory, or the trainer an outputDir.';
      throw new AttuneError('E_CONFIG', 'There is no directory to save to.', { field: 'directory', hint });
    }
    const target = openDirectory(directory);
    const { saveFinished } = await import('./checkpoints.js');
    await saveFinished(target, {
      model,
      adapter: this.#adapted.adaptation.adapter,
      weights: () => this.weights(),
      isLocked: this.#isLocked && target.name === this.#options.output?.name,
    });
  }

  /**
   * The current values of all parameters; the averages of them under `emaDecay`.
   * @throws what training failed with, if it did and no sound weights are left; AttuneError `E_NONFINITE`,
   * `E_NOT_TRAINED` after a run left early
   */
  async weights(): Promise<ReadonlyMap<string, HostTensor>> {
    if (this.#rewound) return this.#rewound;
    this.#requireSound();
    return this.#download();
  }

  async #download(): Promise<ReadonlyMap<string, HostTensor>> {
    return this.#learner?.weights() ?? (await startedModel(this.#adapted)).weights;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const learner = this.#learner;
    this.#learner = undefined;
    await learner?.[Symbol.asyncDispose]();
  }

  /** An event after its listeners. */
  async *#told(event: TrainEvent): AsyncGenerator<TrainEvent, void, undefined> {
    for (const listener of [this.#options.onEvent ?? []].flat()) await listener(event);
    yield event;
  }

  /** A run that goes on from its last checkpoint on a new device if that may help. */
  async *#recovering(options: TrainOptions): AsyncGenerator<TrainEvent, void, undefined> {
    for (let attempt = 0, losses = 0; ; attempt++) {
      try {
        yield* attempt === 0 ? this.#run(options) : this.#run({ ...options, resume: true }, true);
        return;
      } catch (error) {
        if (!isAttuneError(error)) throw error;
        const isLost = error.code === 'E_DEVICE_LOST' && losses < RECOVERIES;
        const isTooLarge = error.code === 'E_DEVICE_MEMORY' && this.#hasFailedInStep && this.#given.autoFindBatchSize;
        if (!isLost && !isTooLarge) throw error;
        losses += isLost ? 1 : 0;
        await this[Symbol.asyncDispose]();
        const from = this.#options.output ? 'its last checkpoint' : 'its start, since it has no outputDir';
        const how = isTooLarge ? ` ${await this.#takeSmallerBatches(error)}` : '';
        yield { type: 'warning', message: `${error.message} The run goes on from ${from}${how}.` };
      }
    }
  }

  /** @returns how the run goes on @throws AttuneError `E_DEVICE_MEMORY` if no batch is smaller */
  async #takeSmallerBatches(cause: AttuneError): Promise<string> {
    const { smallerBatches } = await import('./smaller-batches.js');
    const { parts, how } = smallerBatches(cause, (await this.#prepare()).arguments, this.#batchParts);
    this.#batchParts = parts;
    return how;
  }

  /** @param isAgain whether model and data were told of before */
  async *#run(
    { signal, resume = false, allowChange = [] }: TrainOptions,
    isAgain = false,
  ): AsyncGenerator<TrainEvent, void, undefined> {
    this.#hasFailedInStep = false;
    const { output } = this.#options;
    const { found, warnings } = await openOutput(output, resume);
    for (const message of warnings) yield { type: 'warning', message };
    const prepared = yield* withProgress('tokenizing', (onProgress) =>
      this.#preparedAfter(found, allowChange, { signal, onProgress }),
    );
    const { options } = prepared;
    for (const message of isAgain ? [] : prepared.warnings) yield { type: 'warning', message };
    yield prepared.recipe;
    const identity = output ? await this.#identity(prepared.arguments, options) : {};
    if (output && found) {
      const { readTrainerState } = await import('./checkpoints.js');
      this.#batchParts = Math.max(this.#batchParts, (await readTrainerState(output, found.path)).batchParts);
    }
    const learner = await this.#open();
    if (found) {
      const { elsewhereWarning } = await import('./checkpoints.js');
      const message = elsewhereWarning(found.manifest, options.backend.name, learner.device.info);
      if (message !== undefined) yield { type: 'warning', message };
    }
    const run = new TrainingRun({
      trainer: options,
      arguments: prepared.arguments,
      plan: prepared.plan.withParts(this.#batchParts),
      learner,
      identity,
      signal,
    });
    try {
      yield* run.events(found);
    } catch (error) {
      this.#hasFailedInStep = run.hasFailedInStep;
      if (run.isRewound) this.#rewound = await this.#download();
      throw error;
    }
  }

  get #strategies() {
    return [this.#options.strategy].flat();
  }

  /** The data as batches, encoded once, with the arguments that suit them. @param given what is not left open */
  async #prepare(given = this.#given, watch?: EncodingWatch): Promise<PreparedRun> {
    this.#encoded ??= encodeOptions(this.#options, watch).catch((error: unknown) => {
      this.#encoded = undefined;
      throw error;
    });
    const encoded = await this.#encoded;
    const { prepareRun } = await import('./prepared-run.js');
    this.#prepared ??= prepareRun(encoded, given, this.#given);
    return this.#prepared;
  }

  /**
   * The data as batches, once the settings are known to be those of the checkpoint to go on from.
   * @throws AttuneError `E_RESUME_MISMATCH`, before anything is tokenized unless it is the data that differ
   */
  async #preparedAfter(
    found: FoundCheckpoint | undefined,
    allowed: readonly string[],
    watch: EncodingWatch,
  ): Promise<PreparedRun> {
    if (!found) return this.#prepare(undefined, watch);
    const { run, finished, steps } = found.manifest;
    const given = continuedArguments(this.#given, run);
    const { checkSameRun } = await import('./checkpoints.js');
    const known = await this.#identity(given, this.#options, run);
    checkSameRun(run, known, { allowed, mayGoOn: finished });
    const prepared = await this.#prepare(given, watch);
    const identity = await this.#identity(prepared.arguments, prepared.options);
    checkSameRun(run, identity, { allowed, mayGoOn: finished && prepared.plan.steps > steps });
    return prepared;
  }

  /** What decides over the weights. @param before what stands for the fingerprints of data that are not encoded yet */
  async #identity(
    options: GivenArguments,
    data: Pick<ResolvedOptions, 'train' | 'evaluation'>,
    before?: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { argumentsIdentity, dataIdentity } = await import('./checkpoints.js');
    return { ...argumentsIdentity(options), ...(await this.#modelIdentity()), ...dataIdentity(data, before) };
  }

  /** Found once. */
  #modelIdentity(): Promise<Readonly<Record<string, unknown>>> {
    const { objective, model, backend, evaluator } = this.#options;
    this.#settings ??= import('./checkpoints.js').then(({ modelIdentity }) =>
      modelIdentity({
        strategies: this.#strategies,
        objective,
        model,
        trainable: this.#adapted.trainable,
        backend: backend.name,
        evaluator,
      }),
    );
    return this.#settings;
  }

  async #open(): Promise<Learner> {
    const { options, plan, arguments: complete } = await this.#prepare();
    const { backend, objective, train } = options;
    const { perDeviceTrainBatchSize, seed, frozenActivationBytes: maxBytes } = complete;
    const batchSize = perDeviceTrainBatchSize / this.#batchParts;
    const isRepeated = plan.steps > plan.stepsPerEpoch && maxBytes > 0;
    this.#learner ??= await Learner.of({
      backend,
      objective,
      adapted: this.#adapted,
      strategies: this.#strategies,
      arguments: complete,
      rules: await stepRules(complete, plan.steps),
      steps: plan.steps,
      ...(isRepeated ? { features: { train, batchSize, seed, maxBytes } } : {}),
    });
    return this.#learner;
  }

  async #context(signal: AbortSignal | undefined): Promise<EvaluationContext> {
    this.#requireSound();
    const learner = await this.#open();
    const { objective } = (await this.#prepare()).options;
    return { ...learner.context({ batchSize: this.#given.perDeviceEvalBatchSize, signal }), objective };
  }

  #requireSound(): void {
    if (this.#failure && !this.#isTraining) throw this.#failure.error;
  }
}

/** How often a run opens its device again after a loss. */
const RECOVERIES = 3;

async function openOutput(output: Storage | undefined, resume: boolean | string): Promise<Discovery> {
  if (!output) return { found: undefined, warnings: [] };
  const { openRunDirectory } = await import('./checkpoints.js');
  return openRunDirectory(output, resume);
}

/** What `Trainer.check` found of the data. */
export interface CheckedData {
  /** How many there are to train on. */
  readonly examples: number;
  /** About the model's files, or for instance that many texts were cut. */
  readonly warnings: readonly string[];
  /** What it trains with. */
  readonly recipe: RecipeEvent;
}
